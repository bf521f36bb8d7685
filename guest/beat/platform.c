/* A PC without an operating system: two serial ports, the PIT as the tick, the ACPI timer as the
 * clock (it counts machine time on every accelerator, and no tick that gets lost makes it slow). */
#include "../core/core.h"

static inline void out8(u16 port, u8 value) { __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
static inline u8 in8(u16 port) {
  u8 value;
  __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}
static inline void out32(u16 port, u32 value) { __asm__ volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }
static inline u32 in32(u16 port) {
  u32 value;
  __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
  return value;
}

/* ---- serial ports: 16550A ---------------------------------------------------------------- */

enum { com1 = 0x3f8, com2 = 0x2f8, fifo_bytes = 16 };
enum { uart_data, uart_interrupts, uart_fifo, uart_format, uart_modem, uart_status };
enum { status_received = 0x01, status_empty = 0x20, status_absent = 0xff };

static void uart_start(u16 port) {
  out8(port + uart_interrupts, 0);
  out8(port + uart_format, 0x80); /* divisor */
  out8(port + uart_data, 1);
  out8(port + uart_interrupts, 0);
  out8(port + uart_format, 0x03); /* 8N1 */
  /* A trigger of 14 bytes: QEMU hands over as many at once. */
  out8(port + uart_fifo, 0xc7);
  out8(port + uart_modem, 0x03);
}

static void uart_write(u16 port, const char *text, u32 length) {
  if (in8(port + uart_status) == status_absent) return;
  for (u32 i = 0; i < length; i++) {
    if (i % fifo_bytes == 0)
      while (!(in8(port + uart_status) & status_empty)) continue;
    out8(port + uart_data, (u8)text[i]);
  }
}

void platform_print(const char *text, u32 length) { uart_write(com1, text, length); }
void platform_control_write(const char *text, u32 length) { uart_write(com2, text, length); }

int platform_control_read(void) {
  u8 status = in8(com2 + uart_status);
  return status != status_absent && status & status_received ? in8(com2 + uart_data) : -1;
}

/* ---- clock: the ACPI power management timer ---------------------------------------------- */

static u16 timer_port;

static u32 pci_read(u32 device, u32 function, u32 offset) {
  out32(0xcf8, 0x80000000u | device << 11 | function << 8 | offset);
  return in32(0xcfc);
}

/* The firmware has placed the timer's block; its address stands in the south bridge. */
static u16 find_timer(void) {
  enum { piix4_acpi = 0x71138086, ich9_lpc = 0x29188086, base_register = 0x40, timer_offset = 8 };
  if (pci_read(1, 3, 0) == piix4_acpi) return (u16)((pci_read(1, 3, base_register) & 0xff80) + timer_offset);
  if (pci_read(31, 0, 0) == ich9_lpc) return (u16)((pci_read(31, 0, base_register) & 0xff80) + timer_offset);
  return 0;
}

/* The timer runs at 3.579545 MHz and has 24 bits: it must be read every 4.6 s at least. */
u32 platform_milliseconds(void) {
  enum { steps_per_count = 200, steps_per_ms = 715909 };
  static u32 last, rest, ms;
  u32 count = in32(timer_port) & 0xffffff;
  rest += ((count - last) & 0xffffff) * steps_per_count;
  last = count;
  ms += rest / steps_per_ms;
  rest %= steps_per_ms;
  return ms;
}

/* ---- tick: PIT and PIC ------------------------------------------------------------------- */

enum { first_vector = 32, vectors = 48 };

struct __attribute__((packed)) gate {
  u16 offset_low, selector;
  u8 zero, type;
  u16 offset_high;
};
struct __attribute__((packed)) table {
  u16 limit;
  u32 base;
};

volatile u32 platform_ticks;
extern void tick_interrupt(void), other_interrupt(void);
static struct gate gates[vectors];

static void set_gate(u32 vector, void (*target)(void)) {
  u32 address = (u32)target;
  gates[vector] = (struct gate){(u16)address, 8, 0, 0x8e, (u16)(address >> 16)};
}

static void pic_start(void) {
  out8(0x20, 0x11);
  out8(0xa0, 0x11);
  out8(0x21, first_vector);
  out8(0xa1, first_vector + 8);
  out8(0x21, 4);
  out8(0xa1, 2);
  out8(0x21, 1);
  out8(0xa1, 1);
  out8(0x21, 0xfe); /* the timer only */
  out8(0xa1, 0xff);
}

static void tick_start(u32 hz) {
  u32 divisor = 1193182 / hz;
  for (u32 vector = 0; vector < vectors; vector++) set_gate(vector, other_interrupt);
  set_gate(first_vector, tick_interrupt);
  struct table table = {sizeof gates - 1, (u32)gates};
  __asm__ volatile("lidt %0" ::"m"(table));
  pic_start();
  out8(0x43, 0x34); /* channel 0, rate generator */
  out8(0x40, (u8)divisor);
  out8(0x40, (u8)(divisor >> 8));
  __asm__ volatile("sti");
}

/* `sti; hlt` lets no interrupt in between the two. */
void platform_wait(u32 seen) {
  __asm__ volatile("cli");
  if (platform_ticks == seen) __asm__ volatile("sti; hlt" ::: "memory");
  __asm__ volatile("sti" ::: "memory");
}

/* ---- start ------------------------------------------------------------------------------- */

struct multiboot {
  u32 flags, low_kib, high_kib, boot_device;
  const char *options;
};

extern char image_end[];

static u32 round_up(u32 value) { return (value + page_bytes - 1) & ~(page_bytes - 1u); }

/* All memory above the image: fresh pages, the table, then the pages it counts. */
static struct memory divide_memory(u32 high_kib) {
  u32 start = round_up((u32)image_end), pages = (0x100000 + high_kib * 1024 - start) / page_bytes;
  u32 fresh = fresh_pages_of(pages), rest = pages - fresh, table = table_pages(rest);
  u32 at = start + fresh * page_bytes;
  return (struct memory){
    .fresh = (u8 *)start,
    .fresh_pages = fresh,
    .generations = (u32 *)at,
    .base = (u8 *)at + table * page_bytes,
    .pages = rest - table,
  };
}

static u32 clamp(u32 value, u32 low, u32 high) { return value < low ? low : value > high ? high : value; }

/* The loader puts the options where the table will be. */
static const char *keep(const char *options) {
  static char kept[512];
  for (u32 i = 0; i < sizeof kept - 1 && options[i]; i++) kept[i] = options[i];
  return kept;
}

void start(const struct multiboot *multiboot) {
  u32 high_kib = multiboot->high_kib;
  const char *options = keep(multiboot->options);
  u32 hz = clamp(option(options, "hz", 50), 20, 100);
  uart_start(com1);
  uart_start(com2);
  timer_port = find_timer();
  platform_milliseconds();
  tick_start(hz);
  run(divide_memory(high_kib), options, hz);
}
