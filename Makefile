# Two commands do everything; both install what they need on Debian 12.
.PHONY: demo test

demo:
	cargo xtask demo

test:
	cargo xtask ci
