/*
 * unit.c: numbers with units.  What is read is read whole or refused; what is
 * written has about three digits, as no more are looked at.
 */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* A decimal number that starts with a digit; *text is moved behind it. */
static double take_number(const char **text) {
  const char *p = *text;
  double value = 0, place = 1;
  if (*p < '0' || *p > '9')
    return -1;
  for (; *p >= '0' && *p <= '9'; p++)
    value = value * 10 + (*p - '0');
  if (*p == '.')
    for (p++; *p >= '0' && *p <= '9'; p++)
      value += (*p - '0') * (place /= 10);
  *text = p;
  return value;
}

/* The power of 1024 that a letter stands for; 0: none. */
static int power_of(char letter) {
  static const char letters[] = "kmgtp";
  const char *found = letter != '\0' ? strchr(letters, letter | 0x20) : NULL;
  return found != NULL ? (int)(found - letters) + 1 : 0;
}

int64_t unit_parse_size(const char *text) {
  double value = take_number(&text);
  int power = power_of(*text);
  if (value < 0)
    return -EINVAL;
  text += power > 0;
  value *= (double)(INT64_C(1) << 10 * power);
  if (power > 0 && strcasecmp(text, "ib") == 0)
    text += 2;
  else if (strcasecmp(text, "b") == 0)
    text++;
  return *text == '\0' && value < 9e18 ? (int64_t)value : -EINVAL;
}

static double unit_of_duration(const char **text) {
  static const struct {
    const char *name;
    double ns;
  } units[] = {{"ms", 1e6}, {"us", 1e3},   {"s", 1e9},
               {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    size_t size = strlen(units[i].name);
    if (strncmp(*text, units[i].name, size) == 0) {
      *text += size;
      return units[i].ns;
    }
  }
  return **text == '\0' ? 1e9 : -1;
}

int64_t unit_parse_duration(const char *text) {
  double total = 0;
  if (*text == '\0')
    return -EINVAL;
  while (*text != '\0') {
    double value = take_number(&text);
    double unit = unit_of_duration(&text);
    if (value < 0 || unit < 0)
      return -EINVAL;
    total += value * unit;
  }
  return total < 9e18 ? (int64_t)total : -EINVAL;
}

const char *unit_size(int64_t bytes, char text[UNIT_TEXT_BYTES]) {
  static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
                                      "TiB", "PiB", "EiB"};
  double value = (double)bytes;
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
    value /= 1024;
    unit++;
  }
  snprintf(text, UNIT_TEXT_BYTES, "%.*f %s", unit > 0, value, units[unit]);
  return text;
}

const char *unit_duration(int64_t ns, char text[UNIT_TEXT_BYTES]) {
  double s = (double)ns / 1e9;
  long long whole = (long long)(s + 0.5);
  if (s < 0.995)
    snprintf(text, UNIT_TEXT_BYTES, "%.2f s", s);
  else if (s < 9.95)
    snprintf(text, UNIT_TEXT_BYTES, "%.1f s", s);
  else if (whole < 60)
    snprintf(text, UNIT_TEXT_BYTES, "%lld s", whole);
  else if (whole < 3600)
    snprintf(text, UNIT_TEXT_BYTES, "%lldm%02llds", whole / 60, whole % 60);
  else
    snprintf(text, UNIT_TEXT_BYTES, "%lldh%02lldm", whole / 3600,
             whole % 3600 / 60);
  return text;
}

const char *unit_time(int64_t ms, char text[UNIT_TEXT_BYTES]) {
  time_t seconds = (time_t)(ms / 1000);
  struct tm tm = {0};
  gmtime_r(&seconds, &tm);
  strftime(text, UNIT_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm);
  return text;
}
