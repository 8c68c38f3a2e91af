/* get_name.c: whatever a URL or a list says, the name is one that is safe. */
#include "get/name.h"

#include "cli/utf8.h"
#include "get/item.h"
#include "harness/harness.h"

static void check_url(const char *url, const char *expected) {
  char *name = name_from_url(url);
  CHECK_STR(name, expected);
  free(name);
}

/* What is true of every name that is made. */
static void check_safe(const char *name) {
  size_t size = strlen(name);
  CHECK(size > 0 && size <= NAME_LONGEST_BYTES);
  CHECK(strchr(name, '/') == NULL && strchr(name, '\\') == NULL);
  CHECK(name[0] != '.' && name[0] != '-');
  CHECK(name_path_problem(name) == NULL);
  for (size_t at = 0; at < size;) {
    uint32_t code;
    size_t length = utf8_decode(name + at, size - at, &code);
    CHECK(length > 0 && !utf8_is_control(code));
    at += length;
  }
}

/* "http://h/" and `count` times a text. */
static char *long_url(const char *before, const char *text, size_t count,
                      const char *after) {
  char *url = NULL;
  size_t size;
  FILE *file = open_memstream(&url, &size);
  CHECK(file != NULL);
  fprintf(file, "http://h/%s", before);
  for (size_t i = 0; i < count; i++)
    fputs(text, file);
  fputs(after, file);
  fclose(file);
  return url;
}

/* -- From URLs ------------------------------------------------------------- */

TEST(the_last_component_is_the_name) {
  check_url("http://h/x.iso", "x.iso");
  check_url("https://h.example:8080/a/b/c/x.tar.gz", "x.tar.gz");
  check_url("HTTP://user:pass@h/x", "x");
  check_url("http://h/a?b=/c/d", "a");
  check_url("http://h/a#b/c", "a");
  check_url("http://h/a://b", "b");
  check_url("http://h/with%20space", "with space");
  check_url("http://h/%C3%A9t%c3%a9.txt", "\xc3\xa9t\xc3\xa9.txt");
  check_url("http://h/a+b", "a+b");
  check_url("http://h/a%2bb", "a+b");
}

TEST(no_name_is_index_html) {
  static const char *const urls[] = {
      "http://h",     "http://h/",       "http://h?x=/y", "http://h/#a",
      "http://h/a/",  "http://h/a/?x",   "http://h/..",   "http://h/.",
      "http://h/%2e", "http://h/%2E%2e", "http://h/%20",  "http://h/_",
      "http://h/---"};
  for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
    check_url(urls[i], "index.html");
}

TEST(no_name_leaves_the_folder) {
  check_url("http://h/u/%2e%2e%2f%2e%2e%2fevil.bin", "___.._evil.bin");
  check_url("http://h/%2fetc%2fpasswd", "_etc_passwd");
  check_url("http://h/..%5c..%5cevil", "___.._evil");
  check_url("http://h/a/../b", "b");
  check_url("http://h/a%00b", "a_b");
  check_url("http://h/%00", "index.html");
  check_url("http://h/%252e%252e%252f", "%2e%2e%2f");
}

TEST(no_name_is_hidden_or_an_option) {
  check_url("http://h/.bashrc", "_bashrc");
  check_url("http://h/%2ebashrc", "_bashrc");
  check_url("http://h/...x", "___x");
  check_url("http://h/-rf", "_rf");
  check_url("http://h/--.-x", "____x");
}

TEST(no_name_commands_a_terminal) {
  check_url("http://h/%1b[31mred", "_[31mred");
  check_url("http://h/a%0ab%0dc%7fd", "a_b_c_d");
  check_url("http://h/a%c2%9bb", "a_b");                /* C1: CSI */
  check_url("http://h/a%e2%80%aegpj.exe", "a_gpj.exe"); /* turns the text */
}

TEST(what_is_no_utf8_is_replaced_byte_by_byte) {
  check_url("http://h/a%ffb", "a_b");
  check_url("http://h/a%c0%afb", "a__b");         /* overlong "/" */
  check_url("http://h/a%ed%a0%80b", "a___b");     /* a surrogate */
  check_url("http://h/a%f4%90%80%80b", "a____b"); /* beyond Unicode */
  check_url("http://h/a%e2%82", "a__");           /* cut short */
}

TEST(broken_escapes_stand_for_themselves) {
  check_url("http://h/100%", "100%");
  check_url("http://h/a%4", "a%4");
  check_url("http://h/a%zz", "a%zz");
  check_url("http://h/a%%41", "a%A");
  check_url("http://h/a%4?1", "a%4");
}

TEST(a_part_s_ending_is_taken_off) {
  check_url("http://h/x.belay-part", "x");
  check_url("http://h/x.belay-part.belay-part", "x");
  check_url("http://h/x.belay-part.iso", "x.belay-part.iso");
  check_url("http://h/_.belay-part", "index.html");
  check_url("http://h/.belay-part", "_belay-part");
}

TEST(a_long_name_is_cut_and_keeps_its_extension) {
  char *url = long_url("", "a", 300, ".iso");
  char *name = name_from_url(url);
  CHECK_EQ(strlen(name), NAME_LONGEST_BYTES);
  CHECK_STR(name + NAME_LONGEST_BYTES - 5, "a.iso");
  check_safe(name);
  free(name);
  free(url);
}

TEST(a_name_of_just_the_longest_is_not_cut) {
  char *url = long_url("", "a", NAME_LONGEST_BYTES, "");
  char *name = name_from_url(url);
  CHECK_STR(name, url + 9);
  free(name);
  free(url);
}

TEST(a_long_name_is_cut_between_characters) {
  for (size_t shift = 0; shift < 4; shift++) {
    char *url = long_url(&"xxx"[3 - shift], "%f0%9f%92%be", 100, ".iso");
    char *name = name_from_url(url);
    check_safe(name);
    CHECK(strlen(name) > NAME_LONGEST_BYTES - 4);
    CHECK_STR(name + strlen(name) - 4, ".iso");
    free(name);
    free(url);
  }
}

TEST(an_extension_that_is_too_long_is_none) {
  char *url = long_url("x.", "e", 400, "");
  char *name = name_from_url(url);
  CHECK_EQ(strlen(name), NAME_LONGEST_BYTES);
  check_safe(name);
  free(name);
  free(url);
}

/* Where it is cut, the ending of a part may come about. */
TEST(a_cut_does_not_make_a_part_s_ending) {
  char *url = long_url("", "a", 300, ".belay-part");
  char *name = name_from_url(url);
  check_safe(name);
  free(name);
  free(url);
}

TEST(every_byte_alone_or_beside_others_gives_a_safe_name) {
  for (unsigned byte = 0; byte < 256; byte++) {
    char urls[3][64];
    snprintf(urls[0], sizeof(urls[0]), "http://h/%%%02x", byte);
    snprintf(urls[1], sizeof(urls[1]), "http://h/a%%%02xb", byte);
    snprintf(urls[2], sizeof(urls[2]), "http://h/%%%02x%%2e.x", byte);
    for (size_t i = 0; i < 3; i++) {
      char *name = name_from_url(urls[i]);
      check_safe(name);
      free(name);
    }
  }
}

/* -- Names that were given ------------------------------------------------- */

TEST(paths_below_the_directory_may_be_given) {
  static const char *const paths[] = {
      "x",        "a/b/c.iso", ".hidden", "-x",    "a b",      "a\\b",
      "...",      "..x",       "x..",     "a/..b", "\xff\xfe", "x.belay-part/y",
      "\xc3\xa9", "a..b/c"};
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
    CHECK_STR(name_path_problem(paths[i]), NULL);
}

TEST(other_paths_may_not) {
  static const struct {
    const char *path, *problem;
  } cases[] = {
      {"", "is empty"},
      {"/", "is an absolute path"},
      {"/etc/passwd", "is an absolute path"},
      {"//x", "is an absolute path"},
      {"a/", "names a directory"},
      {"../x", "leaves the output directory"},
      {"..", "leaves the output directory"},
      {"a/../b", "leaves the output directory"},
      {"a/..", "leaves the output directory"},
      {".", "has an empty component"},
      {"./x", "has an empty component"},
      {"a//b", "has an empty component"},
      {"a/./b", "has an empty component"},
      {"a\nb", "has a control character"},
      {"a/\x1b[2J", "has a control character"},
      {"a\x7f", "has a control character"},
      {"a\xc2\x9b", "has a control character"},
      {"\xff\xc2\x9b", "has a control character"},
      {"a\xe2\x80\xae", "has a control character"},
      {"x.belay-part", "ends in .belay-part, which is for parts"},
      {"a/x.belay-part", "ends in .belay-part, which is for parts"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
    CHECK_STR(name_path_problem(cases[i].path), cases[i].problem);
}

TEST(a_given_component_may_be_as_long_as_a_made_one) {
  char path[NAME_LONGEST_BYTES + 4] = "a/";
  memset(path + 2, 'x', NAME_LONGEST_BYTES);
  CHECK_STR(name_path_problem(path), NULL);
  path[NAME_LONGEST_BYTES + 2] = 'x';
  CHECK_STR(name_path_problem(path), "is too long");
}

/* -- Numbers --------------------------------------------------------------- */

static void check_numbered(const char *name, unsigned number,
                           const char *expected) {
  char *numbered = name_numbered(name, number);
  CHECK_STR(numbered, expected);
  free(numbered);
}

TEST(a_number_stands_before_the_extension) {
  check_numbered("x.iso", 1, "x.1.iso");
  check_numbered("x.iso", 20, "x.20.iso");
  check_numbered("x.tar.gz", 2, "x.2.tar.gz");
  check_numbered("x.y.z", 2, "x.y.2.z");
  check_numbered("x", 2, "x.2");
  check_numbered(".tar.gz", 2, ".tar.2.gz");
  check_numbered("a.tar", 2, "a.2.tar");
  check_numbered(".x", 2, ".x.2");
  check_numbered("x.", 2, "x.2.");
  check_numbered("x.tarx.gz", 3, "x.tarx.3.gz");
  check_numbered("x.just-short-enough-to-be", 3, "x.just-short-enough-to-be.3");
  check_numbered("x.just-short-enough-to-b", 3, "x.3.just-short-enough-to-b");
}

TEST(a_long_name_makes_room_for_its_number) {
  static const char *const ends[] = {"", ".iso", ".tar.gz",
                                     ".an-extension-that-is-none"};
  for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
    char name[NAME_LONGEST_BYTES + 1] = "";
    memset(name, 'x', NAME_LONGEST_BYTES);
    strcpy(name + NAME_LONGEST_BYTES - strlen(ends[i]), ends[i]);
    char *numbered = name_numbered(name, 4294967295u);
    CHECK_EQ(strlen(numbered), NAME_LONGEST_BYTES);
    CHECK(strstr(numbered, ".4294967295") != NULL);
    CHECK(strlen(numbered) + strlen(ITEM_PART_SUFFIX) <= 255);
    if (i == 1 || i == 2)
      CHECK_STR(numbered + strlen(numbered) - strlen(ends[i]), ends[i]);
    free(numbered);
  }
}

TEST(a_number_does_not_cut_a_character) {
  char name[NAME_LONGEST_BYTES + 1] = "";
  for (size_t i = 0; i < NAME_LONGEST_BYTES; i += 4)
    memcpy(name + i, "\xf0\x9f\x92\xbe", 4);
  for (unsigned number = 1; number < 100000; number *= 10) {
    char *numbered = name_numbered(name, number);
    check_safe(numbered);
    free(numbered);
  }
}
