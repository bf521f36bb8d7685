/* A program on Linux, without a C library: the same two serial ports as terminals, an interval timer
 * as the tick, the monotonic clock. */
#include "../core/core.h"

enum {
  sys_read = 0,
  sys_write = 1,
  sys_open = 2,
  sys_mmap = 9,
  sys_rt_sigaction = 13,
  sys_rt_sigprocmask = 14,
  sys_setitimer = 38,
  sys_exit = 60,
  sys_sysinfo = 99,
  sys_rt_sigsuspend = 130,
  sys_clock_gettime = 228,
};

static long call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

static void fail(const char *why) {
  struct line line;
  line_start(&line, "X ");
  line_text(&line, why);
  line_print(&line);
  call(sys_exit, 1, 0, 0, 0, 0, 0);
}

/* ---- serial ports ------------------------------------------------------------------------ */

enum { open_read_write = 2, open_no_terminal = 0400, open_nonblocking = 04000 };

static int heartbeat_port = -1, control_port = -1;

static void write_all(int port, const char *text, u32 length) {
  while (length > 0) {
    long written = call(sys_write, port, (long)text, length, 0, 0, 0);
    if (written <= 0) continue; /* the port is full, or a tick came */
    text += written;
    length -= (u32)written;
  }
}

void platform_print(const char *text, u32 length) {
  if (heartbeat_port >= 0) write_all(heartbeat_port, text, length);
}

void platform_control_write(const char *text, u32 length) {
  if (control_port >= 0) write_all(control_port, text, length);
}

int platform_control_read(void) {
  u8 byte;
  return call(sys_read, control_port, (long)&byte, 1, 0, 0, 0) == 1 ? byte : -1;
}

static void open_ports(void) {
  int flags = open_read_write | open_no_terminal;
  heartbeat_port = (int)call(sys_open, (long)"/dev/ttyS0", flags, 0, 0, 0, 0);
  control_port = (int)call(sys_open, (long)"/dev/ttyS1", flags | open_nonblocking, 0, 0, 0, 0);
}

/* ---- clock and tick ---------------------------------------------------------------------- */

struct time {
  long seconds, nanoseconds;
};

u32 platform_milliseconds(void) {
  enum { monotonic = 1 };
  struct time now;
  call(sys_clock_gettime, monotonic, (long)&now, 0, 0, 0, 0);
  return (u32)(now.seconds * 1000 + now.nanoseconds / 1000000);
}

volatile u32 platform_ticks;

static void on_alarm(int signal) {
  (void)signal;
  platform_ticks++;
}

/* Where the kernel goes when a handler returns. */
__attribute__((naked)) static void end_signal(void) { __asm__ volatile("mov $15, %eax\n syscall"); }

enum { signal_alarm = 14, signal_mask_bytes = 8, mask_block = 0, mask_unblock = 1, flag_restorer = 0x04000000 };

static const u64 alarm_mask = 1ull << (signal_alarm - 1);

static void tick_start(u32 hz) {
  struct {
    void (*handler)(int);
    u64 flags;
    void (*restorer)(void);
    u64 mask;
  } action = {on_alarm, flag_restorer, end_signal, 0};
  struct {
    long seconds, microseconds;
  } interval[2] = {{0, 1000000 / (long)hz}, {0, 1000000 / (long)hz}};
  call(sys_rt_sigaction, signal_alarm, (long)&action, 0, signal_mask_bytes, 0, 0);
  call(sys_setitimer, 0, (long)interval, 0, 0, 0, 0);
}

/* The tick may come between the look and the sleep, unless it is held back until the sleep. */
void platform_wait(u32 seen) {
  static const u64 none = 0;
  call(sys_rt_sigprocmask, mask_block, (long)&alarm_mask, 0, signal_mask_bytes, 0, 0);
  if (platform_ticks == seen) call(sys_rt_sigsuspend, (long)&none, signal_mask_bytes, 0, 0, 0, 0);
  call(sys_rt_sigprocmask, mask_unblock, (long)&alarm_mask, 0, signal_mask_bytes, 0, 0);
}

/* ---- memory ------------------------------------------------------------------------------ */

/* What the kernel and the shell keep to live on. */
enum { reserve_bytes = 24 << 20 };

static u64 free_bytes(void) {
  struct {
    long uptime;
    u64 loads[3], total, free, shared, buffers, swap, swap_free;
    u16 processes, padding;
    u64 high, high_free;
    u32 unit;
    u8 rest[64];
  } info;
  call(sys_sysinfo, (long)&info, 0, 0, 0, 0, 0);
  return info.free * info.unit;
}

static u8 *map(u64 bytes) {
  enum { readable_writable = 3, private_anonymous = 0x22 };
  long address = call(sys_mmap, 0, (long)bytes, readable_writable, private_anonymous, -1, 0);
  if (address < 0 && address > -4096) fail("no memory");
  return (u8 *)address;
}

static struct memory take_memory(void) {
  u64 available = free_bytes();
  if (available < reserve_bytes + page_bytes * 16) fail("too little memory");
  u32 pages = (u32)((available - reserve_bytes) / page_bytes);
  u32 fresh = fresh_pages_of(pages), rest = pages - fresh, table = table_pages(rest);
  return (struct memory){
    .fresh = map((u64)fresh * page_bytes),
    .fresh_pages = fresh,
    .generations = (u32 *)map((u64)table * page_bytes),
    .base = map((u64)(rest - table) * page_bytes),
    .pages = rest - table,
  };
}

/* ---- start ------------------------------------------------------------------------------- */

__attribute__((used)) static void start(const long *stack) {
  const char *options = stack[0] > 1 ? (const char *)stack[2] : "";
  u32 hz = option(options, "hz", 50);
  if (hz < 20 || hz > 100) hz = 50;
  open_ports();
  if (heartbeat_port < 0 || control_port < 0) fail("no serial port");
  tick_start(hz);
  run(take_memory(), options, hz);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call start\n");
