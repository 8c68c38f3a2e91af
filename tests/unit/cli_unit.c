/* cli_unit.c: sizes, durations and times, read and written. */
#include "harness/harness.h"

#include "cli/unit.h"

TEST(sizes_are_powers_of_1024) {
  CHECK_EQ(unit_parse_size("0"), 0);
  CHECK_EQ(unit_parse_size("10240"), 10240);
  CHECK_EQ(unit_parse_size("64k"), 65536);
  CHECK_EQ(unit_parse_size("64K"), 65536);
  CHECK_EQ(unit_parse_size("1.5M"), 1572864);
  CHECK_EQ(unit_parse_size("2G"), INT64_C(2147483648));
  CHECK_EQ(unit_parse_size("1T"), INT64_C(1099511627776));
  CHECK_EQ(unit_parse_size("7P"), INT64_C(7881299347898368));
  CHECK_EQ(unit_parse_size("3KiB"), 3072);
  CHECK_EQ(unit_parse_size("3kib"), 3072);
  CHECK_EQ(unit_parse_size("3MB"), 3145728);
  CHECK_EQ(unit_parse_size("12B"), 12);
}

TEST(what_is_no_size_is_refused) {
  static const char *const wrong[] = {
      "",     "k",    "-1",  "+1",  " 1",    "1 k",
      "1kk",  "1x",   "1k2", ".5",  "0x10",  "1e3",
      "inf",  "nan",  "1i",  "1iB", "9000P", "99999999999999999999999",
      "\xe7", "1\xeb"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
    CHECK_ERR(unit_parse_size(wrong[i]), -EINVAL);
}

TEST(durations_add_up) {
  CHECK_EQ(unit_parse_duration("10"), INT64_C(10000000000));
  CHECK_EQ(unit_parse_duration("0"), 0);
  CHECK_EQ(unit_parse_duration("0.5"), 500000000);
  CHECK_EQ(unit_parse_duration("10s"), INT64_C(10000000000));
  CHECK_EQ(unit_parse_duration("1m30s"), INT64_C(90000000000));
  CHECK_EQ(unit_parse_duration("500ms"), 500000000);
  CHECK_EQ(unit_parse_duration("250us"), 250000);
  CHECK_EQ(unit_parse_duration("2h"), INT64_C(7200000000000));
  CHECK_EQ(unit_parse_duration("1d1h"), INT64_C(90000000000000));
  CHECK_EQ(unit_parse_duration("1.5m"), INT64_C(90000000000));
}

TEST(what_is_no_duration_is_refused) {
  static const char *const wrong[] = {
      "",     "s",       "-1s",   "+1",
      " 1",   "1 s",     "10min", "1x",
      "1s s", "1e3s",    "1m-5s", "inf",
      "nan",  "400000d", ".5",    "99999999999999999999"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
    CHECK_ERR(unit_parse_duration(wrong[i]), -EINVAL);
}

static const char *size_text(int64_t bytes) {
  static char text[UNIT_TEXT_BYTES];
  return unit_size(bytes, text);
}

TEST(sizes_are_written_with_a_unit_that_fits) {
  CHECK_STR(size_text(0), "0 B");
  CHECK_STR(size_text(999), "999 B");
  CHECK_STR(size_text(1000), "1.0 KiB");
  CHECK_STR(size_text(1024), "1.0 KiB");
  CHECK_STR(size_text(1536), "1.5 KiB");
  CHECK_STR(size_text(INT64_C(1288490189)), "1.2 GiB");
  CHECK_STR(size_text(INT64_MAX), "8.0 EiB");
}

/* Columns of the display rely on it. */
TEST(no_size_takes_more_than_nine_columns) {
  for (int64_t bytes = 1; bytes < INT64_MAX / 3; bytes += bytes / 97 + 1) {
    size_t length = strlen(size_text(bytes));
    CHECK(length >= 3 && length <= 9);
  }
}

static const char *duration_text(double seconds) {
  static char text[UNIT_TEXT_BYTES];
  return unit_duration((int64_t)(seconds * 1e9), text);
}

TEST(durations_are_written_with_two_or_three_digits) {
  CHECK_STR(duration_text(0), "0.00 s");
  CHECK_STR(duration_text(0.034), "0.03 s");
  CHECK_STR(duration_text(0.9949), "0.99 s");
  CHECK_STR(duration_text(0.9951), "1.0 s");
  CHECK_STR(duration_text(3.44), "3.4 s");
  CHECK_STR(duration_text(9.96), "10 s");
  CHECK_STR(duration_text(59.4), "59 s");
  CHECK_STR(duration_text(59.6), "1m00s");
  CHECK_STR(duration_text(65), "1m05s");
  CHECK_STR(duration_text(3599.4), "59m59s");
  CHECK_STR(duration_text(3599.6), "1h00m");
  CHECK_STR(duration_text(7380), "2h03m");
}

/* The written form can be read, except for what rounding took. */
TEST(a_written_duration_can_be_read) {
  for (int64_t s = 10; s < 100000; s += s / 7 + 1) {
    char text[UNIT_TEXT_BYTES], *blank;
    unit_duration(s * 1000000000, text);
    if ((blank = strchr(text, ' ')) != NULL)
      memmove(blank, blank + 1, strlen(blank));
    int64_t read = unit_parse_duration(text);
    CHECK(read <= s * 1000000000 && read > (s - 60) * 1000000000);
  }
}

TEST(times_are_utc) {
  char text[UNIT_TEXT_BYTES];
  setenv("TZ", "Asia/Tokyo", 1);
  CHECK_STR(unit_time(0, text), "1970-01-01T00:00:00Z");
  CHECK_STR(unit_time(INT64_C(951782400123), text), "2000-02-29T00:00:00Z");
  CHECK_STR(unit_time(INT64_C(4102444799999), text), "2099-12-31T23:59:59Z");
}

TEST(a_time_out_of_all_bounds_still_ends) {
  char text[UNIT_TEXT_BYTES];
  CHECK(strlen(unit_time(INT64_MAX, text)) < sizeof(text));
}
