python = .venv/bin/python

.PHONY: run test lock shots benchmarks clean

run: .venv/prepared
	@$(python) -m puffling

test: .venv/prepared
	@$(python) -m tests

shots: .venv/prepared
	@$(python) -m tests.shots

benchmarks: .venv/prepared
	@$(python) -m tests.benchmarks

lock: .venv/prepared
	@.venv/bin/uv lock -q --upgrade
	@.venv/bin/uv export -q --frozen --no-emit-project --no-header --no-annotate --extra dev -o requirements.lock
	@rm uv.lock

.venv/prepared: requirements.lock pyproject.toml packaging/prepare
	@packaging/prepare

clean:
	@rm -rf .venv dist build
