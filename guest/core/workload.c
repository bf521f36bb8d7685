#include "core.h"

/* Keeps the sums of the scrub within 32 bits. */
enum { shortest_scrub_ms = 100 };

static const char *const patterns[] = {"idle", "sequential", "random", "hot", "phased", "spin", "xor"};
static const char *const contents[] = {"compressible", "random", "text"};

/* The text behind `word` if `text` begins with it and it ends there, else 0. */
static const char *after(const char *text, const char *word, char end) {
  while (*word)
    if (*text++ != *word++) return 0;
  if (end) return *text == end ? text + 1 : 0;
  return *text == 0 || *text == ' ' ? text : 0;
}

static const char *read_name(const char *text, const char *const *names, u32 count, u32 *value) {
  for (u32 i = 0; i < count; i++) {
    const char *rest = after(text, names[i], 0);
    if (rest) {
      *value = i;
      return rest;
    }
  }
  return 0;
}

static const char *read_number(const char *text, u32 *value) {
  u32 number = 0;
  if (*text < '0' || *text > '9') return 0;
  while (*text >= '0' && *text <= '9') number = number * 10 + (u32)(*text++ - '0');
  if (*text && *text != ' ') return 0;
  *value = number;
  return text;
}

static const char *read_field(struct workload *w, const char *text) {
  const struct {
    const char *key;
    u32 *value;
  } numbers[] = {{"rate", &w->rate},     {"set", &w->set},     {"at", &w->at},       {"hot", &w->hot},
                 {"writes", &w->writes}, {"burst", &w->burst}, {"quiet", &w->quiet}, {"scrub", &w->scrub}};
  const char *rest = after(text, "pattern", '=');
  if (rest) return read_name(rest, patterns, pattern_count, &w->pattern);
  rest = after(text, "content", '=');
  if (rest) return read_name(rest, contents, content_count, &w->content);
  for (u32 i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    rest = after(text, numbers[i].key, '=');
    if (rest) return read_number(rest, numbers[i].value);
  }
  return 0;
}

const char *workload_parse(struct workload *workload, const char *text) {
  struct workload read = {idle, compressible, 0, 0, 0, 200, 900, 10000, 10000, 10000};
  while (*text) {
    if (*text == ' ') {
      text++;
      continue;
    }
    const char *rest = read_field(&read, text);
    if (!rest) return text;
    text = rest;
  }
  if (read.scrub < shortest_scrub_ms) return "scrub";
  if (read.pattern == phased && read.burst + read.quiet == 0) return "burst";
  *workload = read;
  return 0;
}

u32 option(const char *text, const char *key, u32 otherwise) {
  for (; *text; text++) {
    const char *value = after(text, key, '=');
    if (value) read_number(value, &otherwise);
  }
  return otherwise;
}

int workload_is_unlimited(const struct workload *workload) {
  return workload->pattern == spin || workload->pattern == xor;
}

u32 workload_rate_at(const struct workload *workload, u32 ms) {
  if (workload->pattern == idle) return 0;
  if (workload->pattern == phased && ms % (workload->burst + workload->quiet) >= workload->burst) return 0;
  return workload->rate;
}

static u32 random_state = 0x2545f491;

/* xorshift32, then scaled to 0..below-1. */
static u32 random_below(u32 below) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return (u32)((u64)random_state * below >> 32);
}

u32 workload_next_page(const struct workload *workload, u32 set) {
  static u32 cursor;
  if (workload->pattern == random) return random_below(set);
  if (workload->pattern == hot) {
    u32 warm = set * workload->hot / 1000;
    if (warm == 0 || warm == set) return random_below(set);
    if (random_below(1000) < workload->writes) return random_below(warm);
    return warm + random_below(set - warm);
  }
  if (cursor >= set) cursor = 0;
  return cursor++;
}
