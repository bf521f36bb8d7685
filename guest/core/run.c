#include "core.h"

enum {
  longest_step_ms = 100, /* what was missed in a longer stall is lost, not made up for */
  scrub_run = 8,         /* pages between two looks at the clock */
  slow_page_ms = 10,     /* a page that takes so long to read is not here yet */
  scrub_pause_ms = 250,
};

static struct workload workload;
static struct memory memory;
static u32 now, workload_since, last_tick_ms;
/* Pages owed, in thousandths. */
static u32 write_credit, scrub_credit;
static u32 scrub_not_before;
static u32 sequence, laps, writes_in_lap;

static u32 set_pages(void) {
  u32 set = workload.pattern == xor ? 0 : workload.set;
  return set == 0 || set > memory.pages ? memory.pages : set;
}

static void print_line(const char *kind, const char *text) {
  struct line line;
  line_start(&line, kind);
  line_text(&line, text);
  line_print(&line);
}

/* The workload is what stands in the text behind `--`. */
static const char *workload_text(const char *options) {
  for (const char *at = options; *at; at++)
    if (at[0] == '-' && at[1] == '-' && at[2] == ' ') return at + 3;
  return "";
}

static const char *begin_workload(const char *text) {
  const char *wrong = workload_parse(&workload, text);
  if (wrong) return wrong;
  workload_since = now;
  write_credit = writes_in_lap = 0;
  print_line("W ", text);
  return 0;
}

static void answer(const char *word, const char *text) {
  struct line line;
  line_start(&line, word);
  line_text(&line, text);
  line_end(&line);
  platform_control_write(line.text, line.length);
}

static void obey(char *command, u32 length) {
  if (!line_check(command, length)) {
    answer("no ", "checksum");
    return;
  }
  if (command[0] == 'w' && command[1] == ' ') {
    const char *wrong = begin_workload(command + 2);
    answer(wrong ? "no " : "ok", wrong ? wrong : "");
  } else if (command[0] == 'd' && command[1] == ' ') {
    memory_damage(option(command + 2, "page", 0));
    answer("ok", "");
  } else {
    answer("no ", "command");
  }
}

static void read_control(void) {
  static char command[line_capacity];
  static u32 length;
  for (int byte = platform_control_read(); byte >= 0; byte = platform_control_read()) {
    if (byte == '\n') {
      /* An empty line parts what comes from the torn line of an asker who gave up. */
      if (length > 0) obey(command, length);
      length = 0;
    } else if (length < line_capacity - 1) {
      command[length++] = (char)byte;
    }
  }
}

/* H sequence ms pages laps errors scrubLap scrubbed ramPages rate */
static void beat(u32 rate) {
  struct line line;
  line_start(&line, "H");
  line_number(&line, sequence++);
  line_number(&line, now);
  line_number(&line, memory_state.writes);
  line_number(&line, laps);
  line_number(&line, memory_state.errors);
  line_number(&line, memory_state.scrub_laps);
  line_number(&line, memory_state.scrubbed);
  line_number(&line, memory.pages);
  if (workload_is_unlimited(&workload))
    line_text(&line, " full");
  else
    line_number(&line, rate);
  line_print(&line);
}

static void tick(void) {
  now = platform_milliseconds();
  u32 step = now - last_tick_ms;
  last_tick_ms = now;
  if (step > longest_step_ms) step = longest_step_ms;
  read_control();
  u32 rate = workload_rate_at(&workload, now - workload_since);
  /* No more than one step may pile up when the machine cannot keep the rate. */
  u32 most = rate * longest_step_ms;
  write_credit += rate * step;
  if (write_credit > most) write_credit = most;
  scrub_credit += memory.pages * 1000 / workload.scrub * step;
  if (scrub_credit > memory.pages * 1000) scrub_credit = memory.pages * 1000;
  memory_write_fresh();
  beat(rate);
}

static void write_one(void) {
  u32 set = set_pages();
  u32 page = workload.at % memory.pages + workload_next_page(&workload, set);
  memory_write(page < memory.pages ? page : page - memory.pages, &workload);
  if (++writes_in_lap >= set) {
    writes_in_lap = 0;
    laps++;
  }
}

/* After a post-copy switch-over the scrub would drag in pages that the workload does not need yet,
 * and slow down what it is there to observe: it rests while pages are slow to come. */
static void scrub_some(void) {
  u32 before = platform_milliseconds(), seen = platform_ticks, pages = 0;
  do {
    memory_scrub();
    pages++;
  } while (pages < scrub_run && seen == platform_ticks);
  scrub_credit -= pages * 1000;
  u32 after = platform_milliseconds();
  if (after - before >= pages * slow_page_ms) scrub_not_before = after + scrub_pause_ms;
}

/* A little of each kind of work that is due; 0 when nothing is. */
static int work(void) {
  int worked = 0;
  if (workload_is_unlimited(&workload) || write_credit >= 1000) {
    if (!workload_is_unlimited(&workload)) write_credit -= 1000;
    write_one();
    worked = 1;
  }
  if (scrub_credit >= scrub_run * 1000 && (int)(now - scrub_not_before) >= 0) {
    scrub_some();
    worked = 1;
  }
  return worked;
}

static void print_start(u32 beat_hz) {
  struct line line;
  line_start(&line, "B 1");
  line_number(&line, memory.pages);
  line_number(&line, beat_hz);
  line_number(&line, platform_milliseconds());
  line_print(&line);
}

void run(struct memory whole, const char *options, u32 beat_hz) {
  memory = whole;
  print_start(beat_hz);
  const char *text = workload_text(options), *wrong = workload_parse(&workload, text);
  if (wrong) {
    print_line("X ", wrong);
    workload_parse(&workload, text = "");
  }
  memory_fill(memory, workload.content);
  now = last_tick_ms = scrub_not_before = platform_milliseconds();
  begin_workload(text);
  for (u32 seen = platform_ticks;;) {
    if (seen != platform_ticks) {
      seen = platform_ticks;
      tick();
    }
    if (!work()) platform_wait(seen);
  }
}
