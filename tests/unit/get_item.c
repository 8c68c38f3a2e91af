/* get_item.c: an item's states and its files' names. */
#include "get/item.h"
#include "harness/harness.h"

#define STATES 5

TEST(every_state_has_a_name_that_leads_back_to_it) {
  static const char *const names[STATES] = {
      "queued", "downloading", "completed", "failed", "interrupted"};
  for (int i = 0; i < STATES; i++) {
    CHECK_STR(item_state_name((enum item_state)i), names[i]);
    CHECK_EQ(item_state_parse(names[i]), i);
  }
}

TEST(what_is_no_state_is_refused) {
  static const char *const names[] = {"",        "Queued",  "queue",
                                      "queuedx", " queued", "complete"};
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
    CHECK_ERR(item_state_parse(names[i]), -EINVAL);
}

TEST(a_part_is_beside_its_target) {
  char target[] = "/a/b/x.iso";
  struct item item = {.target = target};
  char *path = item_part_path(&item);
  CHECK_STR(path, "/a/b/x.iso.belay-part");
  CHECK_STR(item_name(&item), "x.iso");
  free(path);
}

TEST(a_name_without_a_folder_is_itself) {
  char target[] = "x";
  struct item item = {.target = target};
  CHECK_STR(item_name(&item), "x");
}

TEST(clearing_frees_all_and_may_be_done_twice) {
  struct item item = {.url = strdup("u"),
                      .target = strdup("t"),
                      .dir = strdup("d"),
                      .origin = strdup("o"),
                      .validator = strdup("v"),
                      .error = strdup("e"),
                      .size_bytes = 5,
                      .attempts = 3};
  item_clear(&item);
  CHECK(item.url == NULL && item.error == NULL && item.validator == NULL);
  CHECK_EQ(item.size_bytes, -1);
  CHECK_EQ(item.expected_bytes, -1);
  CHECK_EQ(item.attempts, 0);
  item_clear(&item);
}
