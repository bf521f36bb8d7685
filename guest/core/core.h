/* What both guests share: the workload, the memory check and the lines on the serial port.
 * The platform (bare metal or Linux) supplies time, a tick and two serial ports. */
#ifndef CORE_H
#define CORE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

enum { page_bytes = 4096, page_words = page_bytes / 4 };

/* ---- the platform ------------------------------------------------------------------------ */

/* Rises at the tick rate; the only thing that changes behind the program's back. */
extern volatile u32 platform_ticks;
/* Returns when platform_ticks differs from `seen`. */
void platform_wait(u32 seen);
/* Milliseconds that this machine has run; stands still while it is stopped. */
u32 platform_milliseconds(void);
/* The heartbeat port. */
void platform_print(const char *text, u32 length);
/* The control port: the next byte, or -1. */
int platform_control_read(void);
void platform_control_write(const char *text, u32 length);

/* ---- lines ------------------------------------------------------------------------------- */

enum { line_capacity = 240 };

struct line {
  u32 length;
  char text[line_capacity];
};

void line_start(struct line *line, const char *text);
void line_text(struct line *line, const char *text);
/* A space and the number. */
void line_number(struct line *line, u64 number);
/* Ends the line with `*` and the CRC-16 of what stands before it, in hexadecimal. */
void line_end(struct line *line);
void line_print(struct line *line);
/* Whether `text` ends with the right checksum; cuts it off if so. */
int line_check(char *text, u32 length);

/* ---- workload ---------------------------------------------------------------------------- */

enum pattern { idle, sequential, random, hot, phased, spin, xor, pattern_count };
enum content { compressible, incompressible, text, content_count };

struct workload {
  u32 pattern;
  u32 content;
  u32 rate;   /* pages/s asked for; spin and xor run as fast as they can */
  u32 set;    /* pages the workload writes to; 0: all */
  u32 at;     /* the first page of the set, which goes on at page 0 behind the last one */
  u32 hot;    /* share of the set that is hot, per mille */
  u32 writes; /* share of the writes that go to the hot part, per mille */
  u32 burst;  /* ms of writing in each phase */
  u32 quiet;  /* ms of silence in each phase */
  u32 scrub;  /* ms in which every page is read and checked once */
};

/* Reads `key=value ...` into `workload`; returns the text from the first thing it does not
 * understand, or 0. Fields that the text does not name get their defaults. */
const char *workload_parse(struct workload *workload, const char *text);
/* The value of a number among the keys of `text`, `otherwise` if it is not there. */
u32 option(const char *text, const char *key, u32 otherwise);
int workload_is_unlimited(const struct workload *workload);
/* Pages/s wanted at `ms` after the workload began. */
u32 workload_rate_at(const struct workload *workload, u32 ms);
/* The page to write next; `set` is the number of pages to choose from. */
u32 workload_next_page(const struct workload *workload, u32 set);

/* ---- memory ------------------------------------------------------------------------------ */

struct memory {
  u8 *base;         /* page 0 */
  u32 *generations; /* table_pages of them; see slot_of in memory.c */
  u32 pages;
  u8 *fresh;        /* pages that carry nothing; see memory_write_fresh */
  u32 fresh_pages;
};

/* Pages of a table with one word for each of so many pages. */
static inline u32 table_pages(u32 pages) { return (pages + page_words - 1) / page_words; }
/* How many pages carry nothing in a guest of so many pages. */
static inline u32 fresh_pages_of(u32 pages) { return pages / 8 < 6000 ? pages / 8 : 6000; }

struct memory_state {
  u64 writes;     /* pages written since the start */
  u64 scrubbed;   /* pages read and checked by the scrub since the start */
  u32 scrub_laps; /* how often the scrub has passed the whole memory */
  u32 errors;     /* pages, or sums over all pages, that were not as they had been left */
};
extern struct memory_state memory_state;

void memory_fill(struct memory memory, u32 content);
/* Checks the page, then writes its next generation. */
void memory_write(u32 page, const struct workload *workload);
/* Writes a page that has not been written for long; called at every tick. */
void memory_write_fresh(void);
/* Checks the next page of the scrub. */
void memory_scrub(void);
/* For tests of the check itself: damages a page behind the bookkeeping's back. */
void memory_damage(u32 page);

/* ---- run --------------------------------------------------------------------------------- */

/* Never returns. `options` are those of the kernel's command line. */
void run(struct memory memory, const char *options, u32 beat_hz);

#endif
