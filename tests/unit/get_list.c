/* get_list.c: lists of every form, good and bad, whole or not at all. */
#include "get/list.h"

#include "harness/harness.h"

#define SUM "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define LOWER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define BASE "http://h/pub"

/* A list with one entry, which whatever fails has to leave alone. */
static struct list list_of_one(void) {
  struct list list = {0};
  char *error;
  CHECK_OK(list_add_url(&list, "http://before/", &error));
  return list;
}

static int read_bytes(const char *text, size_t size, const char *base_url,
                      struct list *list, char **ret_error) {
  /* fmemopen() refuses an empty buffer */
  FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)text, size, "r")
                        : fopen("/dev/null", "re");
  CHECK(file != NULL);
  *ret_error = NULL;
  int result = base_url != NULL
                   ? list_read_sums(file, "SUMS", base_url, list, ret_error)
                   : list_read(file, "list", list, ret_error);
  fclose(file);
  return result;
}

static struct list read_good(const char *text, const char *base_url) {
  struct list list = {0};
  char *error;
  int result = read_bytes(text, strlen(text), base_url, &list, &error);
  CHECK_STR(error, NULL);
  CHECK_OK(result);
  return list;
}

static void check_bad_bytes(const char *text, size_t size, const char *base_url,
                            const char *expected) {
  struct list list = list_of_one();
  char *error;
  CHECK_ERR(read_bytes(text, size, base_url, &list, &error), -EINVAL);
  CHECK_STR(error, expected);
  CHECK_EQ(list.count, 1);
  CHECK_STR(list.entries[0].url, "http://before/");
  free(error);
  list_clear(&list);
}

struct bad {
  const char *text, *error;
};

static void check_all_bad(const struct bad *cases, size_t count,
                          const char *base_url) {
  for (size_t i = 0; i < count; i++)
    check_bad_bytes(cases[i].text, strlen(cases[i].text), base_url,
                    cases[i].error);
}

#define CHECK_ALL_BAD(cases, base_url) \
  check_all_bad(cases, sizeof(cases) / sizeof((cases)[0]), base_url)

/* That a list has these URLs, at these lines. */
static void check_urls(const char *text, const char *expected) {
  struct list list = read_good(text, NULL);
  char found[512] = "";
  for (size_t i = 0; i < list.count; i++) {
    strcat(found, i > 0 ? " " : "");
    strcat(found, list.entries[i].url);
    strcat(found, strchr(list.entries[i].origin, ':'));
  }
  CHECK_STR(found, expected);
  list_clear(&list);
}

/* -- aria2's form ---------------------------------------------------------- */

TEST(urls_and_what_is_known_of_them) {
  struct list list = read_good(
      "# a comment\n"
      "http://h/a\n"
      "  out=sub/x.iso\n"
      "\tdir=elsewhere\n"
      "  sha256=" SUM
      "\n"
      "  size=12\n"
      "  header=A: b\n"
      "  header=Cookie: c=d; e\n"
      "\n"
      "https://h/b\n",
      NULL);
  CHECK_EQ(list.count, 2);
  struct list_entry *entry = &list.entries[0];
  CHECK_STR(entry->url, "http://h/a");
  CHECK_STR(entry->out, "sub/x.iso");
  CHECK_STR(entry->dir, "elsewhere");
  CHECK_STR(entry->sha256, LOWER);
  CHECK_EQ(entry->expected_bytes, 12);
  CHECK_STR(entry->headers[0], "A: b");
  CHECK_STR(entry->headers[1], "Cookie: c=d; e");
  CHECK_STR(entry->headers[2], NULL);
  CHECK_STR(entry->origin, "list:2");
  entry = &list.entries[1];
  CHECK_STR(entry->origin, "list:10");
  CHECK(entry->out == NULL && entry->dir == NULL && entry->headers == NULL);
  CHECK_STR(entry->sha256, "");
  CHECK_EQ(entry->expected_bytes, -1);
  list_clear(&list);
}

TEST(an_empty_list_is_a_list) {
  check_urls("", "");
  check_urls("\n\n \n\t\n", "");
  check_urls("# nothing\n  # at all", "");
  check_urls("\xef\xbb\xbf", "");
}

TEST(line_ends_of_every_kind) {
  check_urls("http://h/a\r\nhttp://h/b\r\n", "http://h/a:1 http://h/b:2");
  check_urls("http://h/a\nhttp://h/b", "http://h/a:1 http://h/b:2");
  check_urls("\xef\xbb\xbfhttp://h/a\n", "http://h/a:1");
  check_urls("\r\n \r\nhttp://h/a \t\r\n", "http://h/a:3");
}

TEST(the_first_of_alternatives_is_used) {
  check_urls("http://h/a\thttp://h/b\tftp://h/c\n", "http://h/a:1");
}

TEST(schemes_are_of_any_case) {
  check_urls("HTTP://h/a\nHttpS://h/b\n", "HTTP://h/a:1 HttpS://h/b:2");
}

TEST(keys_beside_those_that_are_used) {
  struct list list = read_good(
      "http://h/a\n"
      "  checksum=SHA-256=" SUM
      "\n"
      "  referer=http://h/\n"
      "  user-agent=me\n"
      "  split=5\n"
      "  continue=true\n"
      "  gid=0123456789abcdef\n"
      "  header=Accept-Encoding: gzip\n"
      "  out = b \n"
      "  out=c\n",
      NULL);
  struct list_entry *entry = &list.entries[0];
  CHECK_STR(entry->sha256, LOWER);
  CHECK_STR(entry->headers[0], "Referer: http://h/");
  CHECK_STR(entry->headers[1], "User-Agent: me");
  CHECK_STR(entry->headers[2], NULL);
  CHECK_STR(entry->out, "c");
  list_clear(&list);
}

TEST(bad_urls) {
  static const struct bad cases[] = {
      {"x", "list:1: 'x' is not an http or https URL"},
      {"ftp://h/a", "list:1: 'ftp://h/a' is not an http or https URL"},
      {"file:///etc/passwd",
       "list:1: 'file:///etc/passwd' is not an http or https URL"},
      {"http:/h/a", "list:1: 'http:/h/a' is not an http or https URL"},
      {"http://", "list:1: 'http://' names no host"},
      {"http:///a", "list:1: 'http:///a' names no host"},
      {"http://?a", "list:1: 'http://?a' names no host"},
      {"http://:80/a", "list:1: 'http://:80/a' names no host"},
      {"http://me:word@/a", "list:1: 'http://me:word@/a' names no host"},
      {"http://me@:80/a", "list:1: 'http://me@:80/a' names no host"},
      {"\nhttp://h/a b",
       "list:2: 'http://h/a b' has a space or a control character"},
      {"http://h/a\x1b[2J",
       "list:1: 'http://h/a\x1b[2J' has a space or a control character"},
      {"http://h/a\rhttp://h/b\r",
       "list:1: 'http://h/a\rhttp://h/b' has a space or a control character"},
      {"http://h/a\n\xef\xbb\xbfhttp://h/b",
       "list:2: '\xef\xbb\xbfhttp://h/b' is not an http or https URL"},
      {"http://h/\x7f",
       "list:1: 'http://h/\x7f' has a space or a control character"},
  };
  CHECK_ALL_BAD(cases, NULL);
}

TEST(bad_keys) {
  static const struct bad cases[] = {
      {"  out=x\nhttp://h/a\n", "list:1: 'out=x' stands before any URL"},
      {"\n\n\tout=x\n", "list:3: 'out=x' stands before any URL"},
      {"http://h/a\n  out\n", "list:2: 'out' is not key=value"},
      {"http://h/a\n  ou=x\n", "list:2: unknown key 'ou'"},
      {"http://h/a\n  OUT=x\n", "list:2: unknown key 'OUT'"},
      {"http://h/a\n  =x\n", "list:2: unknown key ''"},
      {"http://h/a\n  parameterized-uri=true\n",
       "list:2: unknown key 'parameterized-uri'"},
      {"http://h/a\n  out=\n", "list:2: out '' is empty"},
      {"http://h/a\n  out=../x\n",
       "list:2: out '../x' leaves the output directory"},
      {"http://h/a\n  out=/x\n", "list:2: out '/x' is an absolute path"},
      {"http://h/a\n  dir=\n", "list:2: dir is empty"},
      {"http://h/a\n  dir=a\x1b\n",
       "list:2: dir 'a\x1b' has a control character"},
      {"http://h/a\n  size=\n", "list:2: size '' is not a number of bytes"},
      {"http://h/a\n  size=-1\n", "list:2: size '-1' is not a number of bytes"},
      {"http://h/a\n  size=+1\n", "list:2: size '+1' is not a number of bytes"},
      {"http://h/a\n  size=1k\n", "list:2: size '1k' is not a number of bytes"},
      {"http://h/a\n  size=9223372036854775808\n",
       "list:2: size '9223372036854775808' is not a number of bytes"},
      {"http://h/a\n  checksum=md5=12\n",
       "list:2: checksum 'md5=12' is not sha-256=..."},
      {"http://h/a\n  checksum=sha-256=12\n",
       "list:2: sha256 has 2 digits, not 64"},
  };
  CHECK_ALL_BAD(cases, NULL);
}

TEST(bad_sums_of_entries) {
  static const struct bad cases[] = {
      {"http://h/a\n  sha256=\n", "list:2: sha256 has 0 digits, not 64"},
      {"http://h/a\n  sha256=" SUM "0\n",
       "list:2: sha256 has 65 digits, not 64"},
      {"http://h/a\n  sha256=0x12\n",
       "list:2: sha256 '0x12' is not hexadecimal"},
  };
  CHECK_ALL_BAD(cases, NULL);
}

TEST(bad_headers) {
  static const struct bad cases[] = {
      {"http://h/a\n  header=A\n", "list:2: header 'A' is not Name: value"},
      {"http://h/a\n  header=: b\n", "list:2: header ': b' is not Name: value"},
      {"http://h/a\n  header=A b: c\n",
       "list:2: header 'A b: c' is not Name: value"},
      {"http://h/a\n  header=A: b\rC: d\n",
       "list:2: header 'A: b\rC: d' has a control character"},
      {"http://h/a\n  header=range: bytes=0-1\n",
       "list:2: header 'range: bytes=0-1' says which part to ask for, "
       "which belay get decides"},
      {"http://h/a\n  header=If-Range: \"a\"\n",
       "list:2: header 'If-Range: \"a\"' says which part to ask for, "
       "which belay get decides"},
      {"http://h/a\n  referer=a\rb\n",
       "list:2: Referer 'a\rb' has a control character"},
  };
  CHECK_ALL_BAD(cases, NULL);
}

TEST(nul_bytes_are_errors_wherever_they_are) {
  static const char text[] = "http://h/a\nhttp://h/b\0c\n";
  static const char first[] = "\0http://h/a\n";
  static const char wide[] = "h\0t\0t\0p\0";
  static const char sums[] = SUM "  a\0b\n";
  check_bad_bytes(text, sizeof(text) - 1, NULL, "list:2: has a NUL byte");
  check_bad_bytes(first, sizeof(first) - 1, NULL, "list:1: has a NUL byte");
  check_bad_bytes(wide, sizeof(wide) - 1, NULL, "list:1: has a NUL byte");
  check_bad_bytes(sums, sizeof(sums) - 1, BASE, "SUMS:1: has a NUL byte");
}

/* What is quoted of it leaves room for what is wrong. */
TEST(a_line_of_a_megabyte) {
  size_t size = 1 << 20;
  char *text = malloc(size + 1);
  memset(text, 'a', size);
  text[size] = '\0';
  char expected[300] = "list:1: '";
  strncat(expected, text, 200);
  strcat(expected, "' is not an http or https URL");
  check_bad_bytes(text, size, NULL, expected);
  memcpy(text, "http://h/", 9);
  struct list list = read_good(text, NULL);
  CHECK_EQ(strlen(list.entries[0].url), size);
  list_clear(&list);
  free(text);
}

TEST(many_entries) {
  char *text = NULL;
  size_t size;
  size_t count = (size_t)test_scale(100000);
  FILE *file = open_memstream(&text, &size);
  for (size_t i = 0; i < count; i++)
    fprintf(file, "http://h/%zu\n  out=%zu\n", i, i);
  fclose(file);
  struct list list = read_good(text, NULL);
  CHECK_EQ(list.count, count);
  for (size_t i = 0; i < count; i++)
    CHECK_EQ(strtoul(list.entries[i].out, NULL, 10), i);
  list_clear(&list);
  free(text);
}

TEST(what_cannot_be_read_is_an_error) {
  static const char *const bases[] = {NULL, BASE};
  for (size_t i = 0; i < 2; i++) {
    struct list list = list_of_one();
    char *error = NULL;
    FILE *file = fopen(test_dir(), "re");
    CHECK(file != NULL);
    CHECK_ERR(bases[i] != NULL
                  ? list_read_sums(file, "it", bases[i], &list, &error)
                  : list_read(file, "it", &list, &error),
              -EISDIR);
    CHECK_STR(error, "it: cannot be read: Is a directory");
    CHECK_EQ(list.count, 1);
    fclose(file);
    free(error);
    list_clear(&list);
  }
}

/* -- JSON ------------------------------------------------------------------ */

TEST(json_in_its_three_forms) {
  static const char entries[] = "http://h/a:2 http://h/b:3";
  check_urls("[\n{\"url\": \"http://h/a\"},\n{\"url\": \"http://h/b\"}\n]\n",
             entries);
  check_urls(
      "{\"downloads\": [\n"
      "{\"url\": \"http://h/a\"},\n{\"url\": \"http://h/b\"}]}",
      entries);
  check_urls("\n{\"url\": \"http://h/a\"}\n{\"url\": \"http://h/b\"}\n",
             entries);
}

TEST(json_s_lines_are_those_of_the_file) {
  check_urls(
      "\xef\xbb\xbf\n \n\t[\n\n  {\n\"url\":\"http://h/a\"}\n,\n"
      "{\"url\":\"http://h/b\"}]",
      "http://h/a:5 http://h/b:8");
  check_urls(
      "{\"version\": 2,\n\"more\": [[{\"downloads\": []}]],\n"
      "\"text\": \"\\\"downloads\\\": [\",\n"
      "\"downloads\":\n[\n{\"url\":\"http://h/a\"}],\n\"end\":{}}",
      "http://h/a:6");
  check_urls(
      "{\"url\":\"http://h/a\"} {\"url\":\"http://h/b\"}\r\n\r\n"
      "[{\"url\":\"http://h/c\"}]\n{\"downloads\":[]}",
      "http://h/a:1 http://h/b:1 http://h/c:3");
}

TEST(empty_json) {
  check_urls("[]", "");
  check_urls(" [\n ] ", "");
  check_urls("{\"downloads\": []}", "");
  check_urls("[][][]", "");
}

TEST(json_s_keys) {
  struct list list = read_good(
      "[{\"out\": \"x\", \"dir\": \"d\", \"size\": 12, \"sha256\": \"" SUM
      "\", \"header\": [\"A: b\", \"C: d\"], \"referer\": \"r\","
      " \"split\": 5, \"continue\": true, \"url\": \"http://h/a\"},"
      " {\"url\": \"http://h/\\u00e9\", \"size\": \"7\", \"out\": null,"
      " \"header\": \"A: b\", \"checksum\": \"sha-256=" SUM "\"}]",
      NULL);
  CHECK_EQ(list.count, 2);
  struct list_entry *entry = &list.entries[0];
  CHECK_STR(entry->out, "x");
  CHECK_STR(entry->dir, "d");
  CHECK_EQ(entry->expected_bytes, 12);
  CHECK_STR(entry->sha256, LOWER);
  CHECK_STR(entry->headers[0], "A: b");
  CHECK_STR(entry->headers[1], "C: d");
  CHECK_STR(entry->headers[2], "Referer: r");
  CHECK_STR(entry->headers[3], NULL);
  entry = &list.entries[1];
  CHECK_STR(entry->url, "http://h/\xc3\xa9");
  CHECK_STR(entry->out, NULL);
  CHECK_EQ(entry->expected_bytes, 7);
  CHECK_STR(entry->headers[0], "A: b");
  CHECK_STR(entry->sha256, LOWER);
  list_clear(&list);
}

TEST(bad_entries_of_json) {
  static const struct bad cases[] = {
      {"[5]", "list:1: is not an object with \"url\""},
      {"[\n\"http://h/a\"]", "list:2: is not an object with \"url\""},
      {"[[]]", "list:1: is not an object with \"url\""},
      {"[]\n5", "list:2: is not an object with \"url\""},
      {"{}", "list:1: has no \"url\""},
      {"{\"downloads\": 5}", "list:1: has no \"url\""},
      {"{\"url\": 5}", "list:1: has no \"url\""},
      {"{\"url\": null}", "list:1: has no \"url\""},
      {"{\"url\": \"ftp://h/\"}",
       "list:1: 'ftp://h/' is not an http or https URL"},
      {"{\"url\": \"http://h/\\na\"}",
       "list:1: 'http://h/\na' has a space or a control character"},
      {"{\"url\": \"http://h/\", \"a\": 1}", "list:1: 'a' is not a string"},
      {"{\"url\": \"http://h/\", \"a\": \"\"}", "list:1: unknown key 'a'"},
      {"{\"url\": \"http://h/\", \"out\": 5}", "list:1: 'out' is not a string"},
      {"{\"url\": \"http://h/\", \"out\": true}",
       "list:1: 'out' is not a string"},
      {"{\"url\": \"http://h/\", \"out\": \"a\\nb\"}",
       "list:1: out 'a\nb' has a control character"},
      {"{\"url\": \"http://h/\", \"size\": 1.5}",
       "list:1: 'size' is not a whole number"},
      {"{\"url\": \"http://h/\", \"size\": -5}",
       "list:1: size '-5' is not a number of bytes"},
      {"{\"url\": \"http://h/\", \"header\": [5]}",
       "list:1: 'header' is not a string"},
      {"{\"url\": \"http://h/\", \"header\": \"A: b\\r\\nC: d\"}",
       "list:1: header 'A: b\r\nC: d' has a control character"},
      {"[{\"url\": \"http://h/\"},\n{\"out\": \"x\"}]",
       "list:2: has no \"url\""},
  };
  CHECK_ALL_BAD(cases, NULL);
}

/* jansson's own words follow the line; they are not ours to test. */
TEST(bad_json_names_its_line) {
  static const struct bad cases[] = {
      {"[", "list:1: "},
      {"{", "list:1: "},
      {"[\n\n", "list:1: "},
      {"[{\"url\": \"http://h/\"}", "list:1: ',' or ']' is missing"},
      {"[{\"url\": \"http://h/\"},\n]", "list:2: "},
      {"[{\"url\": \"http://h/\"}\n{\"url\": \"http://h/\"}]",
       "list:2: ',' or ']' is missing"},
      {"[{\"url\": \"http://h/\"},\n{\"url\": }]\n", "list:2: "},
      {"{\"url\": \"http://h/\"}\n{\"url\": \n", "list:2: "},
      {"{\"url\": \"http://h/\"}\nhttp://h/", "list:2: "},
      {"{\"downloads\": [\n{\"url\": \"http://h/\"},\n{]}", "list:3: "},
      {"{\"url\": \"http://h/a\",\n\"url\": \"http://h/b\"}", "list:2: "},
      {"{\"downloads\": [],\n\"downloads\": []}", "list:2: "},
      {"{\"url\": \"\xff\"}", "list:1: "},
      {"{\"url\": \"http://h/\\u0000\"}", "list:1: "},
      {"{\"size\": 99999999999999999999}", "list:1: "},
      {"{'url': 'http://h/'}", "list:1: "},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    struct list list = list_of_one();
    char *error;
    CHECK_ERR(
        read_bytes(cases[i].text, strlen(cases[i].text), NULL, &list, &error),
        -EINVAL);
    CHECK(error != NULL);
    error[strlen(error) < strlen(cases[i].error) ? strlen(error)
                                                 : strlen(cases[i].error)] = 0;
    CHECK_STR(error, cases[i].error);
    CHECK_EQ(list.count, 1);
    free(error);
    list_clear(&list);
  }
}

TEST(json_with_nul_bytes_or_very_deep) {
  static const char nul[] = "[\0]";
  struct list list = {0};
  char *error, *deep = malloc(1 << 20);
  CHECK_ERR(read_bytes(nul, sizeof(nul) - 1, NULL, &list, &error), -EINVAL);
  free(error);
  memset(deep, '[', 1 << 20);
  CHECK_ERR(read_bytes(deep, 1 << 20, NULL, &list, &error), -EINVAL);
  free(error);
  free(deep);
  CHECK_EQ(list.count, 0);
  list_clear(&list);
}

TEST(json_longer_than_a_buffer) {
  char *text = NULL;
  size_t size;
  size_t count = (size_t)test_scale(20000);
  FILE *file = open_memstream(&text, &size);
  fputs("[", file);
  for (size_t i = 0; i < count; i++)
    fprintf(file, "%s\n{\"url\": \"http://h/%zu\"}", i > 0 ? "," : "", i);
  fputs("]", file);
  fclose(file);
  struct list list = read_good(text, NULL);
  CHECK_EQ(list.count, count);
  char origin[64];
  snprintf(origin, sizeof(origin), "list:%zu", count + 1);
  CHECK_STR(list.entries[count - 1].origin, origin);
  list_clear(&list);
  free(text);
}

/* -- Sums ------------------------------------------------------------------ */

static void check_sum(const char *line, const char *url, const char *out) {
  struct list list = read_good(line, BASE);
  CHECK_EQ(list.count, 1);
  CHECK_STR(list.entries[0].url, url);
  CHECK_STR(list.entries[0].out, out);
  CHECK_STR(list.entries[0].sha256, LOWER);
  list_clear(&list);
}

TEST(sums_of_coreutils) {
  check_sum(SUM "  a.iso\n", BASE "/a.iso", "a.iso");
  check_sum(SUM " *a.iso\r\n", BASE "/a.iso", "a.iso");
  check_sum(SUM "  ./a/b", BASE "/a/b", "a/b");
  check_sum(SUM "   a", BASE "/%20a", " a");
  check_sum(SUM "  a ", BASE "/a%20", "a ");
  check_sum(SUM "  a b", BASE "/a%20b", "a b");
  check_sum(SUM " **", BASE "/%2A", "*");
  check_sum(SUM "  a\\nb", BASE "/a%5Cnb", "a\\nb");
  check_sum("\\" SUM "  a\\\\nb", BASE "/a%5Cnb", "a\\nb");
  check_sum(SUM "  100%?#&+~", BASE "/100%25%3F%23%26%2B~", "100%?#&+~");
  check_sum(SUM "  \xc3\xa9", BASE "/%C3%A9", "\xc3\xa9");
  check_sum(SUM "  \xff", BASE "/%FF", "\xff");
}

TEST(sums_of_bsd) {
  check_sum("SHA256 (a.iso) = " SUM "\n", BASE "/a.iso", "a.iso");
  check_sum("SHA256 (a (1).iso) = " SUM, BASE "/a%20%281%29.iso", "a (1).iso");
  check_sum("SHA256 (a) = b) = " SUM, BASE "/a%29%20%3D%20b", "a) = b");
  check_sum("\\SHA256 (a\\\\b) = " SUM, BASE "/a%5Cb", "a\\b");
  check_sum(SUM " a.iso", BASE "/a.iso", "a.iso");
}

TEST(a_base_url_with_or_without_its_slash) {
  static const char *const bases[] = {"http://h", "http://h/"};
  for (size_t i = 0; i < 2; i++) {
    struct list list = read_good(SUM "  a\n", bases[i]);
    CHECK_STR(list.entries[0].url, "http://h/a");
    list_clear(&list);
  }
}

TEST(sums_with_comments_and_empty_lines) {
  struct list list = read_good(
      "\xef\xbb\xbf# sums\r\n\r\n" SUM "  a\r\n \t\n" SUM "  b", BASE);
  CHECK_EQ(list.count, 2);
  CHECK_STR(list.entries[0].origin, "SUMS:3");
  CHECK_STR(list.entries[1].origin, "SUMS:5");
  list_clear(&list);
}

TEST(bad_sums) {
  static const struct bad cases[] = {
      {"nonsense", "SUMS:1: is not a checksum and a name"},
      {SUM, "SUMS:1: is not a checksum and a name"},
      {SUM "\ta", "SUMS:1: is not a checksum and a name"},
      {"SHA256 (a)", "SUMS:1: sha256 'SHA256' is not hexadecimal"},
      {SUM "  a\nx  b", "SUMS:2: sha256 'x' is not hexadecimal"},
      {"0123456789abcdef0123456789abcdef  a",
       "SUMS:1: sha256 has 32 digits, not 64"},
      {SUM SUM "  a", "SUMS:1: sha256 has 128 digits, not 64"},
      {"SHA256 (a) = 12", "SUMS:1: sha256 has 2 digits, not 64"},
      {"MD5 (a) = 12", "SUMS:1: sha256 'MD5' is not hexadecimal"},
      {SUM "  ", "SUMS:1: out '' is empty"},
      {SUM "  ../evil", "SUMS:1: out '../evil' leaves the output directory"},
      {SUM "  ./../evil", "SUMS:1: out '../evil' leaves the output directory"},
      {SUM "  a/../../evil",
       "SUMS:1: out 'a/../../evil' leaves the output directory"},
      {SUM "  /etc/evil", "SUMS:1: out '/etc/evil' is an absolute path"},
      {SUM "  .//etc/evil", "SUMS:1: out '/etc/evil' is an absolute path"},
      {"SHA256 (../a) = " SUM,
       "SUMS:1: out '../a' leaves the output directory"},
      {"\\" SUM "  a\\nb", "SUMS:1: out 'a\nb' has a control character"},
      {"\\" SUM "  a\\rb", "SUMS:1: out 'a\rb' has a control character"},
      {"\\" SUM "  a\\xb", "SUMS:1: is not a checksum and a name"},
      {"\\" SUM "  a\\", "SUMS:1: is not a checksum and a name"},
      {"\\", "SUMS:1: is not a checksum and a name"},
      {"  ..", "SUMS:1: is not a checksum and a name"},
      {"-----BEGIN PGP SIGNED MESSAGE-----",
       "SUMS:1: sha256 '-----BEGIN' is not hexadecimal"},
  };
  CHECK_ALL_BAD(cases, BASE);
}

TEST(bad_base_urls_are_told_before_any_line) {
  static const struct {
    const char *base, *error;
  } cases[] = {
      {"", "base URL '' is not an http or https URL"},
      {"ftp://h/", "base URL 'ftp://h/' is not an http or https URL"},
      {"http://", "base URL 'http://' names no host"},
      {"http://h/?file=",
       "base URL 'http://h/?file=' has a query or a "
       "fragment"},
      {"http://h/#a", "base URL 'http://h/#a' has a query or a fragment"},
      {"http://h/a b",
       "base URL 'http://h/a b' has a space or a control character"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    check_bad_bytes("", 0, cases[i].base, cases[i].error);
    check_bad_bytes("nonsense", 8, cases[i].base, cases[i].error);
  }
}

/* -- The command line ------------------------------------------------------ */

TEST(urls_of_the_command_line) {
  struct list list = {0};
  char *error;
  CHECK_OK(list_add_url(&list, "http://h/a", &error));
  CHECK_STR(list.entries[0].origin, NULL);
  CHECK_ERR(list_add_url(&list, "resum", &error), -EINVAL);
  CHECK_STR(error, "'resum' is not an http or https URL");
  CHECK_EQ(list.count, 1);
  free(error);
  list_clear(&list);
  CHECK_EQ(list.count, 0);
  list_clear(&list);
}

TEST(the_output_and_the_sum_of_the_command_line) {
  struct list list = list_of_one();
  char *error;
  CHECK_OK(list_set_output(&list, "a/b", &error));
  CHECK_STR(list.entries[0].out, "a/b");
  CHECK_OK(list_set_sum(&list, SUM, &error));
  CHECK_STR(list.entries[0].sha256, LOWER);
  CHECK_ERR(list_set_output(&list, "../b", &error), -EINVAL);
  CHECK_STR(error, "-o: out '../b' leaves the output directory");
  free(error);
  CHECK_ERR(list_set_sum(&list, "12", &error), -EINVAL);
  CHECK_STR(error, "--sha256: sha256 has 2 digits, not 64");
  free(error);
  list_clear(&list);
}
