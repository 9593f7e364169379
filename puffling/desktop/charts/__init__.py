"""Charts: items that know drawing and nothing of trading. NumPy arrays go in.

They stand on Qt's own graphics view. Of pyqtgraph a view, a rectangle and two ways of handing numbers to
a painter were left in use, and loading it for them took a tenth of the window's start and 13 MiB.
"""
