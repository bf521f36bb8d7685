/* Every page carries, in each of its eight 512-byte sectors, a stamp made of its own number and of
 * how often it was written. The same count stands in a table apart. A page that lost a write, came
 * back from an earlier moment, landed in another's place or arrived in part no longer matches the
 * table. Should the table and its pages be old together, the sum over the table no longer matches
 * the count of all writes. */
#include "core.h"

enum { sectors = 8, sector_words = page_words / sectors, reported_errors = 20 };

/* The top bit of a generation: the body, all that is not a stamp, holds words. */
#define BODY_IS_FULL 0x80000000u

struct memory_state memory_state;

static struct memory memory;
static u32 cursor;          /* where the scrub stands */
static u64 sum;             /* generations of the pages it has passed in this lap */
static u64 written_behind;  /* writes to pages that it had already passed */
static u64 forgiven;        /* a difference that has been reported already */

/* One word per page: how often it was written, and what its body holds. The words of neighbours
 * stand in different pages of the table, so that no page of it is written much for a moment and
 * then left alone: see memory_write_fresh. */
static u32 *slot_of(u32 page) {
  u32 across = table_pages(memory.pages);
  return &memory.generations[page % across * page_words + page / across];
}

static u32 *words_of(u32 page) { return (u32 *)(memory.base + (u64)page * page_bytes); }

static u32 stamp_of(u32 page, u32 generation, u32 sector) {
  u32 mixed = page * 0x9e3779b1u ^ generation * 0x85ebca77u;
  mixed ^= mixed >> 15;
  return mixed * 0xc2b2ae3du + sector;
}

static void write_stamps(u32 page, u32 generation) {
  u32 *words = words_of(page);
  for (u32 sector = 0; sector < sectors; sector++)
    words[sector * sector_words] = stamp_of(page, generation, sector);
}

static void report(const char *what, u32 page, u64 expected, u64 found, u32 bad) {
  struct line line;
  if (memory_state.errors++ >= reported_errors) return;
  line_start(&line, "E ");
  line_text(&line, what);
  line_number(&line, page);
  line_number(&line, expected);
  line_number(&line, found);
  line_number(&line, bad);
  line_print(&line);
}

/* A bad page is reported once, with the first bad stamp and which sectors are bad (bit 0: the
 * first); then its stamps are put right. */
static void repair(u32 page, u32 generation, const char *when) {
  const u32 *words = words_of(page);
  u32 bad = 0, first = sectors;
  for (u32 sector = sectors; sector-- > 0;) {
    if (words[sector * sector_words] == stamp_of(page, generation, sector)) continue;
    first = sector;
    bad |= 1u << sector;
  }
  report(when, page, stamp_of(page, generation, first), words[first * sector_words], bad);
  write_stamps(page, generation);
}

static void check(u32 page, u32 generation, const char *when) {
  const u32 *words = words_of(page);
  for (u32 sector = 0; sector < sectors; sector++) {
    if (words[sector * sector_words] == stamp_of(page, generation, sector)) continue;
    repair(page, generation, when);
    return;
  }
}

static u32 next_random(u32 state) {
  state ^= state << 13;
  state ^= state >> 17;
  return state ^ state << 5;
}

static void write_random_body(u32 page, u32 generation) {
  u32 *words = words_of(page), state = stamp_of(page, generation, sectors) | 1;
  for (u32 i = 0; i < page_words; i++) words[i] = state = next_random(state);
}

/* Of every dozen words four are new, and eight stand in all pages: a codec makes a third of it. */
static void write_text_body(u32 page, u32 generation) {
  static const u32 phrase[8] = {0x6e656874, 0x68657420, 0x65727568, 0x20736420,
                                0x00000040, 0x00007f3a, 0x20646e61, 0x0a3b2972};
  u32 *words = words_of(page), state = stamp_of(page, generation, sectors) | 1, i = 0;
  while (i + 12 <= page_words) {
    for (u32 word = 0; word < 4; word++) words[i++] = state = next_random(state);
    for (u32 word = 0; word < 8; word++) words[i++] = phrase[word];
  }
  while (i < page_words) words[i++] = state = next_random(state);
}

static void clear_body(u32 page) {
  u32 *words = words_of(page);
  for (u32 i = 0; i < page_words; i++) words[i] = 0;
}

static void xor_body(u32 page, u32 generation) {
  u32 *words = words_of(page), key = stamp_of(0, generation, 0);
  for (u32 i = 0; i < page_words; i++) words[i] ^= key + i;
}

/* Returns the flag of what the body holds afterwards: one that is empty stays so. */
static u32 fill_body(u32 page, u32 generation, u32 content) {
  if (content == compressible) return 0;
  if (content == text) write_text_body(page, generation);
  else write_random_body(page, generation);
  return BODY_IS_FULL;
}

/* The same. */
static u32 write_body(u32 page, u32 generation, u32 was_full, const struct workload *workload) {
  if (workload->pattern == xor) {
    xor_body(page, generation);
    return was_full;
  }
  if (workload->content == compressible && was_full) clear_body(page);
  return fill_body(page, generation, workload->content);
}

void memory_fill(struct memory whole, u32 content) {
  memory = whole;
  for (u32 page = 0; page < memory.fresh_pages; page++) memory_write_fresh();
  for (u32 page = 0; page < memory.pages; page++) {
    u32 body = fill_body(page, 0, content);
    write_stamps(page, 0);
    *slot_of(page) = body;
  }
}

void memory_write(u32 page, const struct workload *workload) {
  u32 *slot = slot_of(page), entry = *slot, generation = entry & ~BODY_IS_FULL;
  check(page, generation, "write");
  generation = (generation + 1) & ~BODY_IS_FULL;
  u32 body = write_body(page, generation, entry & BODY_IS_FULL, workload);
  write_stamps(page, generation);
  *slot = generation | body;
  memory_state.writes++;
  if (page < cursor) written_behind++;
}

/* Under TCG, QEMU (11.1 at least) takes over the log of dirty pages many times a second, and makes
 * the next write to them be logged again only when one of them was not yet known to be dirty. Where
 * a guest writes only what is known to be dirty, writes after that are not logged, and a page that
 * is sent and written once more arrives old. So at every tick one page is written that the stream
 * has long taken: the fresh pages lie lowest, are sent first, and come round in minutes. */
void memory_write_fresh(void) {
  static u32 next;
  if (memory.fresh_pages == 0) return;
  ++*(u32 *)(memory.fresh + (u64)next * page_bytes);
  if (++next == memory.fresh_pages) next = 0;
}

/* At the end of a lap: the pages' own counts, and what was added behind the scrub's back, are all
 * the writes there were. */
static void check_sum(void) {
  u64 counted = sum + written_behind + forgiven;
  if (counted != memory_state.writes) {
    report("sum", 0, memory_state.writes, counted, 0);
    forgiven += memory_state.writes - counted;
  }
}

void memory_scrub(void) {
  u32 generation = *slot_of(cursor) & ~BODY_IS_FULL;
  check(cursor, generation, "scrub");
  sum += generation;
  memory_state.scrubbed++;
  if (++cursor < memory.pages) return;
  check_sum();
  memory_state.scrub_laps++;
  cursor = 0;
  sum = written_behind = 0;
}

void memory_damage(u32 page) {
  if (page < memory.pages) words_of(page)[0] ^= 1;
}
