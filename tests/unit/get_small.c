/* get_small.c: ids and places. */
#include <sys/stat.h>
#include <unistd.h>

#include "get/ids.h"
#include "get/place.h"
#include "harness/harness.h"

/* -- Ids ------------------------------------------------------------------- */

TEST(ids_keep_their_order_and_are_found) {
  enum { COUNT = 1000 };
  struct ids ids = {.count = 0};
  CHECK(!ids_has(&ids, 1));
  for (int64_t i = 1; i <= COUNT; i++) {
    CHECK(!ids_has(&ids, i * 4096)); /* alike in their lower bits */
    CHECK_OK(ids_add(&ids, i * 4096));
    CHECK(ids_has(&ids, i * 4096));
  }
  CHECK_EQ(ids.count, COUNT);
  for (int64_t i = 1; i <= COUNT; i++) {
    CHECK_EQ(ids.list[i - 1], i * 4096);
    CHECK(ids_has(&ids, i * 4096));
    CHECK(!ids_has(&ids, i * 4096 + 1));
  }
  ids_clear(&ids);
  CHECK_EQ(ids.count, 0);
  CHECK(!ids_has(&ids, 4096));
}

/* -- Places ---------------------------------------------------------------- */

static const char *in_dir(const char *name) {
  static char paths[4][512];
  static unsigned next;
  char *path = paths[next++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
  return path;
}

static void make_file(const char *name) {
  FILE *file = fopen(in_dir(name), "w");
  CHECK(file != NULL);
  fclose(file);
}

TEST(an_empty_directory_has_nothing) {
  struct place place = {.directory = NULL};
  CHECK_OK(mkdir(in_dir("d"), 0777));
  CHECK_OK(place_look(&place, in_dir("d/a")));
  CHECK(place.was_empty);
  CHECK(!place_has(&place, in_dir("d/a")));
  place_clear(&place);
}

TEST(what_is_in_a_directory_is_found) {
  struct place place = {.directory = NULL};
  CHECK_OK(mkdir(in_dir("d"), 0777));
  make_file("d/a");
  CHECK(place_has(&place, in_dir("d/a")));
  CHECK(!place.was_empty);
  CHECK(!place_has(&place, in_dir("d/b")));
  make_file("d/b"); /* each is looked for anew */
  CHECK(place_has(&place, in_dir("d/b")));
  place_clear(&place);
}

TEST(a_link_to_nothing_is_something) {
  struct place place = {.directory = NULL};
  CHECK_OK(mkdir(in_dir("d"), 0777));
  CHECK_OK(symlink("nowhere", in_dir("d/a")));
  CHECK(place_has(&place, in_dir("d/a")));
  place_clear(&place);
}

TEST(a_directory_of_a_name_that_begins_alike_is_another) {
  struct place place = {.directory = NULL};
  CHECK_OK(mkdir(in_dir("d"), 0777));
  CHECK_OK(mkdir(in_dir("da"), 0777));
  make_file("da/x");
  CHECK(!place_has(&place, in_dir("d/x")));
  CHECK(place_has(&place, in_dir("da/x")));
  CHECK(!place_has(&place, in_dir("d/x")));
  place_clear(&place);
}

TEST(a_directory_that_is_not_there_is_empty) {
  struct place place = {.directory = NULL};
  CHECK_ERR(place_look(&place, in_dir("none/a")), -ENOENT);
  CHECK(place.was_empty);
  CHECK(!place_has(&place, in_dir("none/a")));
  place_clear(&place);
}

TEST(a_file_is_no_directory) {
  struct place place = {.directory = NULL};
  make_file("f");
  CHECK_ERR(place_look(&place, in_dir("f/a")), -ENOTDIR);
  place_clear(&place);
}

TEST(the_root_and_this_directory_are_directories) {
  struct place place = {.directory = NULL};
  CHECK_OK(chdir(test_dir()));
  CHECK(place_has(&place, "/proc"));
  CHECK(!place_has(&place, "a"));
  make_file("a");
  place_clear(&place);
  CHECK(place_has(&place, "a"));
  place_clear(&place);
}
