"""How a tear sheet looks: the colours of the house, by light and by night, and on paper."""

from __future__ import annotations

LIGHT = {
    "window": "#eef1f5",
    "panel": "#ffffff",
    "raised": "#f3f5f8",
    "line": "#d5dbe4",
    "text": "#161c26",
    "muted": "#566173",
    "accent": "#1e62d0",
    "up": "#0b7a54",
    "down": "#c4223b",
    "warn": "#8a5b00",
}
DARK = {
    "window": "#0d1015",
    "panel": "#14181f",
    "raised": "#1c222c",
    "line": "#29313d",
    "text": "#e8ebf0",
    "muted": "#98a2b3",
    "accent": "#5b9bff",
    "up": "#2fbf8f",
    "down": "#ff5c6c",
    "warn": "#f2b93b",
}

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--window);color:var(--text);
font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:28px 20px 48px}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:16px}
h1{font-size:25px;line-height:1.25;font-weight:650;letter-spacing:-.01em;margin:0;flex:1 1 420px;
overflow-wrap:anywhere}
h2{font-size:15px;font-weight:650;margin:0 0 12px}
p{margin:0}
.what{flex-basis:100%;color:var(--muted);overflow-wrap:anywhere}
.chip{font-size:12px;font-weight:600;border:1px solid currentColor;border-radius:20px;padding:1px 10px;
white-space:nowrap}
.chip.warn{color:var(--warn)}.chip.real{color:var(--muted)}
section{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:18px 20px;
margin-bottom:14px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:14px}
.pair section{margin-bottom:14px}
.verdict{display:grid;grid-template-columns:auto 1fr;gap:6px 22px;align-items:start}
.grade{width:84px;height:84px;border-radius:16px;display:grid;place-items:center;font-size:48px;font-weight:700;
line-height:1;color:var(--panel);background:var(--muted)}
.grade.A,.grade.B{background:var(--up)}.grade.C{background:var(--warn)}.grade.D,.grade.F{background:var(--down)}
.verdict h2{font-size:18px;margin-bottom:8px}
.reasons{list-style:none;margin:0;padding:0;display:grid;gap:5px}
.reasons li{display:grid;grid-template-columns:20px 148px 1fr;gap:8px}
.reasons b{font-weight:600}
.fine .sign{color:var(--up)}.doubtful .sign{color:var(--warn)}.bad .sign,.fatal .sign{color:var(--down)}
.sign{font-weight:700;text-align:center}
.said{color:var(--warn);margin-top:10px}
.keys{display:grid;grid-template-columns:repeat(4,1fr);gap:14px 18px;margin:0}
.keys dt,.figures dt{color:var(--muted);font-size:12.5px}
.keys dd{margin:0;font-size:22px;font-weight:600;letter-spacing:-.01em}
dd,td,.number{font-variant-numeric:tabular-nums}
.up{color:var(--up)}.down{color:var(--down)}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--muted);font-size:12.5px;margin:-6px 0 8px}
.legend i{display:inline-block;width:18px;border-top:2px solid var(--accent);margin-right:6px;
vertical-align:middle}
.legend .other i{border-top:2px dashed var(--muted)}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:11.5px;fill:var(--muted);font-family:inherit;font-variant-numeric:tabular-nums}
.grid{stroke:var(--line);stroke-width:1;fill:none;vector-effect:non-scaling-stroke}
.zero{stroke:var(--muted);stroke-opacity:.6;stroke-width:1;fill:none;vector-effect:non-scaling-stroke}
.equity,.rolling{stroke:var(--accent);stroke-width:1.8;fill:none;stroke-linejoin:round;
vector-effect:non-scaling-stroke}
.benchmark{stroke:var(--muted);stroke-width:1.4;stroke-dasharray:5 4;fill:none;
vector-effect:non-scaling-stroke}
.under{fill:var(--accent);fill-opacity:.09}
.fall{stroke:var(--down);stroke-width:1.3;fill:none;vector-effect:non-scaling-stroke}
.fallen{fill:var(--down);fill-opacity:.14}
.held{fill:var(--accent);fill-opacity:.28}
.gain{fill:var(--up)}.loss{fill:var(--down)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13px}
th{color:var(--muted);font-weight:500;font-size:12px;text-align:left;padding:4px 8px;
border-bottom:1px solid var(--line);white-space:nowrap}
td{padding:4px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
tr:last-child td{border-bottom:0}
td.wide{white-space:normal}
.number{text-align:right}
.months td,.months th{text-align:right;padding:5px 6px;border-bottom:0}
.months th:first-child,.months td:first-child{text-align:left}
.months td.cell{border-radius:4px;border:2px solid var(--panel)}
.months .total{font-weight:650}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:10px 28px;margin:0}
.figures div{border-bottom:1px solid var(--line);padding-bottom:8px}
.figures .line{display:flex;justify-content:space-between;gap:12px;border:0;padding:0}
.figures dt{color:var(--text);font-size:13.5px}
.figures dd{margin:0;font-weight:600}
.figures p{color:var(--muted);font-size:12px;line-height:1.4}
.small{color:var(--muted);font-size:12.5px;overflow-wrap:anywhere}
.after{margin-top:12px}
.small code{font-size:11.5px}
footer{color:var(--muted);font-size:12.5px;padding:4px 2px}
@media (max-width:760px){
.pair{grid-template-columns:1fr;gap:0}.keys{grid-template-columns:1fr 1fr}
.reasons li{grid-template-columns:20px 1fr}
.reasons li span:last-child{grid-column:2}}
@media print{body{background:#fff}main{max-width:none;padding:0}section{break-inside:avoid}}
"""


def style_sheet() -> str:
    """Give all rules; the night is asked for by whoever looks."""
    light, dark = (
        "".join(f"--{name}:{colour};" for name, colour in palette.items()) for palette in (LIGHT, DARK)
    )
    return (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{_RULES}"
    )
