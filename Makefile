# The front door of belay.  `make help` lists what it does; Meson builds.
#
#   make install PREFIX=/usr DESTDIR=/tmp/image

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
MESON   ?= meson

.DEFAULT_GOAL := build
.PHONY: help build static demo check sweep bench lint format install uninstall clean deps

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1	\2/p' Makefile | \
	while IFS='	' read -r target what; do \
	  printf '  make %-10s %s\n' "$$target" "$$what"; \
	done

build: $(BUILD)/build.ninja ## build the library and the programs (plain make)
	@$(MESON) compile -C $(BUILD)

static: ## build-static/belay-init: one command's runner, without any library
	@tools/install-deps build static
	@CC=musl-gcc $(MESON) setup build-static --buildtype=minsize \
	  -Db_lto=true -Ddefault_library=static -Dget=false -Dfault=false -Dtests=false \
	  -Dc_args='-fno-asynchronous-unwind-tables -fno-unwind-tables' \
	  -Dc_link_args='-static -s -Wl,-z,noseparate-code,-z,norelro,-T,$(CURDIR)/src/run/init.ld' \
	  $(if $(wildcard build-static),--reconfigure) >/dev/null
	@$(MESON) compile -C build-static belay-init
	@cp build-static/src/run/belay-init build-static/belay-init
	@ls -l build-static/belay-init

demo: ## watch it: downloads, a Ctrl-C midway, going on, every checksum
	@tools/install-deps build demo
	@$(MAKE) --no-print-directory build
	@tools/demo $(BUILD)

check: ## run every test, in every way of building
	@tools/install-deps build demo check
	@tools/check

sweep: ## interrupt the library at each of its system calls in turn
	@tools/install-deps build check
	@$(MAKE) --no-print-directory build
	@$(MESON) test -C $(BUILD) --suite sweep --verbose

bench: ## measure beside others of their kind
	@tools/install-deps build bench
	@$(MESON) setup $(BUILD)-release --buildtype=release -Dtests=false \
	  $(if $(wildcard $(BUILD)-release),--reconfigure) >/dev/null
	@$(MESON) compile -C $(BUILD)-release
	@bench/fault/run $(BUILD)-release
	@bench/get/run $(BUILD)-release
	@bench/run/run $(BUILD)-release
	@bench/signals/run $(BUILD)-release

lint: ## form of the sources, analysis, man pages, scripts
	@tools/install-deps build lint
	@tools/lint

format: ## put the C sources into form (.clang-format)
	@find include lib src tests bench examples -name '*.[ch]' | \
	xargs clang-format -i

# The prefix is part of what is built (paths, pkg-config), so it is set, and
# what depends on it built again, before anything is copied.
install: $(BUILD)/build.ninja ## install below PREFIX (and DESTDIR)
	@$(MESON) configure $(BUILD) --prefix '$(PREFIX)'
	@$(MESON) compile -C $(BUILD)
	@$(MESON) install -C $(BUILD) --no-rebuild --quiet \
	  $(if $(DESTDIR),--destdir '$(abspath $(DESTDIR))')
	@[ -n '$(DESTDIR)' ] || ldconfig 2>/dev/null || true
	@echo 'installed below $(DESTDIR)$(PREFIX)'

# What would be installed is laid out in an empty place, and each of those
# files, and directories of our own left empty, removed from the real one.
uninstall: $(BUILD)/build.ninja ## remove what install put there
	@$(MESON) configure $(BUILD) --prefix '$(PREFIX)'
	@$(MESON) compile -C $(BUILD) >/dev/null
	@set -e; image=$$(mktemp -d); trap 'rm -rf "$$image"' EXIT; \
	$(MESON) install -C $(BUILD) --no-rebuild --quiet --destdir "$$image"; \
	cd "$$image"; \
	find . ! -type d | while IFS= read -r file; do \
	  rm -f '$(abspath $(DESTDIR))'"/$$file"; \
	done; \
	find . -depth -type d -name '*belay*' | while IFS= read -r folder; do \
	  rmdir '$(abspath $(DESTDIR))'"/$$folder" 2>/dev/null || true; \
	done
	@echo 'removed from below $(DESTDIR)$(PREFIX)'

clean: ## remove everything that was built
	@rm -rf $(BUILD) build-*

deps: ## install what build, demo, check, bench and lint need
	@tools/install-deps build demo check bench lint

$(BUILD)/build.ninja:
	@command -v $(MESON) >/dev/null || { \
	  echo 'meson is missing; make deps installs what is needed' >&2; exit 1; }
	@$(MESON) setup $(BUILD) --prefix '$(PREFIX)'
