#include "core.h"

void line_text(struct line *line, const char *text) {
  while (*text && line->length < line_capacity) line->text[line->length++] = *text++;
}

void line_start(struct line *line, const char *text) {
  line->length = 0;
  line_text(line, text);
}

/* Divides in halves of 16 bits: a 32-bit program without a library has no 64-bit division. */
static u64 divide_by_ten(u64 number, u32 *remainder) {
  u64 quotient = 0;
  u32 rest = 0;
  for (int shift = 48; shift >= 0; shift -= 16) {
    u32 part = rest << 16 | (u32)(number >> shift & 0xffff);
    quotient = quotient << 16 | part / 10;
    rest = part % 10;
  }
  *remainder = rest;
  return quotient;
}

void line_number(struct line *line, u64 number) {
  char digits[21];
  int at = sizeof digits - 1;
  u32 digit;
  digits[at] = 0;
  do {
    number = divide_by_ten(number, &digit);
    digits[--at] = (char)('0' + digit);
  } while (number);
  digits[--at] = ' ';
  line_text(line, digits + at);
}

/* CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xffff. */
static u16 checksum(const char *text, u32 length) {
  u16 crc = 0xffff;
  for (u32 i = 0; i < length; i++) {
    crc ^= (u16)((u8)text[i] << 8);
    for (int bit = 0; bit < 8; bit++) crc = (u16)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }
  return crc;
}

static void write_checksum(char *at, u16 crc) {
  *at++ = '*';
  for (int shift = 12; shift >= 0; shift -= 4) *at++ = "0123456789abcdef"[crc >> shift & 15];
}

enum { checksum_length = 5 };

void line_end(struct line *line) {
  if (line->length > line_capacity - checksum_length - 1) line->length = line_capacity - checksum_length - 1;
  write_checksum(line->text + line->length, checksum(line->text, line->length));
  line->length += checksum_length;
  line->text[line->length++] = '\n';
}

void line_print(struct line *line) {
  line_end(line);
  platform_print(line->text, line->length);
}

int line_check(char *text, u32 length) {
  char expected[checksum_length];
  if (length < checksum_length) return 0;
  length -= checksum_length;
  write_checksum(expected, checksum(text, length));
  for (u32 i = 0; i < checksum_length; i++)
    if (text[length + i] != expected[i]) return 0;
  text[length] = 0;
  return 1;
}
