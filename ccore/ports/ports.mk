# Ports of the core: the demonstration on an emulated board, and what the core takes of a processor. Included by ../Makefile.

BOARD := ports/mps2_an385
BOARD_PARTS := $(BOARD)/config.c $(BOARD)/body.c ports/ionto_port.c $(SOURCES)
DEMO_PARTS := $(BOARD)/main.c $(BOARD)/port.c $(BOARD_PARTS)
MEASURE_PARTS := $(BOARD)/board.c $(BOARD)/measure.c ports/template/port.c $(BOARD_PARTS)
PORT_HEADERS := $(wildcard include/*.h ports/*.h $(BOARD)/*.h) $(BOARD)/mps2_an385.ld ports/ports.mk
PORT_FLAGS := $(STRICT) -Iinclude -Iports
LINK_BOARD := -nostdlib -T $(BOARD)/mps2_an385.ld
PYTHON ?= python3

# 2^shift ns for an instruction, and no waiting while nothing happens: the same run every time, as fast as this machine can.
# $(call emulated,machine,shift,program)
emulated = timeout 60 qemu-system-arm -M $(1) -icount shift=$(2),sleep=off -display none -monitor none -serial none \
	-semihosting-config enable=on,target=native -kernel $(3)

SIZED_CPUS := cortex-m0plus cortex-m3 cortex-m4
SIZED_LEVELS := Os O2
SIZED := $(foreach cpu,$(SIZED_CPUS),$(foreach level,$(SIZED_LEVELS),$(BUILD)/sizes/$(cpu)-$(level)))

.PHONY: demo-m3 demo-host sizes

demo-m3: $(BUILD)/demo/demo-m3.elf ## a short treatment on an emulated Cortex-M3, with its trace (needs arm-none-eabi-gcc and qemu-system-arm)
	@$(call emulated,mps2-an385,6,$<)

demo-host: $(BUILD)/demo/demo-host ## the same program on this machine: it prints the same
	@$<

sizes: $(SIZED:%=%/measured.txt) ## flash, RAM, stack and instructions of a tick on three Cortex-M, against the budgets (needs python3, too)
	@$(PYTHON) ports/sizes.py $(ARM) $(SIZED)

$(BUILD)/demo/demo-m3.elf: $(BOARD)/board.c $(DEMO_PARTS) $(PORT_HEADERS)
	@mkdir -p $(@D)
	$(ARM)gcc -mcpu=cortex-m3 -mthumb $(PORT_FLAGS) -Os $(LINK_BOARD) $(filter %.c,$^) -lgcc -o $@

$(BUILD)/demo/demo-host: $(BOARD)/host.c $(DEMO_PARTS) $(PORT_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(PORT_FLAGS) $(CFLAGS) $(filter %.c,$^) -o $@

# An object, its stack and its calls for each source; the program that measures; what it measured.
define sized_rules
$(BUILD)/sizes/$(1)-$(2)/measure.elf: $(MEASURE_PARTS) $(PORT_HEADERS)
	@mkdir -p $$(@D)
	rm -f $$(@D)/*.o $$(@D)/*.ci
	set -e; for source in $$(filter %.c,$$^); do $(ARM)gcc -mcpu=$(1) -mthumb $(PORT_FLAGS) -$(2) -fcallgraph-info=su \
		-c $$$$source -o $$(@D)/$$$$(basename $$$$source .c).o; done
	$(ARM)gcc -mcpu=$(1) -mthumb $(LINK_BOARD) $$(@D)/*.o -lgcc -o $$@

$(BUILD)/sizes/$(1)-$(2)/measured.txt: $(BUILD)/sizes/$(1)-$(2)/measure.elf
	@$$(call emulated,$(3),10,$$<) > $$@
endef
$(foreach level,$(SIZED_LEVELS),$(eval $(call sized_rules,cortex-m0plus,$(level),mps2-an385)))
$(foreach level,$(SIZED_LEVELS),$(eval $(call sized_rules,cortex-m3,$(level),mps2-an385)))
$(foreach level,$(SIZED_LEVELS),$(eval $(call sized_rules,cortex-m4,$(level),mps2-an386)))
