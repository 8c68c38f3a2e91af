/* fault_compile.c: rules to what is executed; offsets above all. */
#include "fault/compile.h"

#include "fault/chance.h"
#include "harness/harness.h"

static struct rules rules;
static const struct step *wrong;

static void add(const char *text) {
  struct parse_error error;
  CHECK_OK(rules_add(&rules, text, &error));
}

static void begin(const char *text) {
  rules = (struct rules){0};
  add(text);
}

/* "send 100, rst, send 28, fin" */
static const char *compiled(enum conversation kind) {
  static char text[1024];
  struct program *program;
  size_t used = 0;
  int error =
      compile_conversation(&rules, UINT64_MAX, kind, 7, &program, &wrong);
  rules_clear(&rules);
  if (error < 0)
    return error == -ERANGE ? "nowhere" : "error";
  text[0] = '\0';
  for (uint32_t i = 0; i < program->count; i++) {
    const struct step *step = &program->steps[i];
    used += (size_t)snprintf(
        text + used, sizeof(text) - used, "%s%s", i > 0 ? ", " : "",
        step->op == OP_ALARM ? "alarm" : step_forms[step->form].name);
    if (step_sends(step) && step->a != ENDLESS)
      used += (size_t)snprintf(text + used, sizeof(text) - used, " %d",
                               (int)step->a);
    if (step->flip)
      used += (size_t)snprintf(text + used, sizeof(text) - used, "!");
  }
  program_release(program);
  return text;
}

static const char *origin(const char *text) {
  begin(text);
  return compiled(CONVERSE_ORIGIN);
}

static const char *proxy(const char *text) {
  begin(text);
  return compiled(CONVERSE_PROXY);
}

TEST(steps_are_the_conversation) {
  CHECK_STR(origin("read-head; send 64k; rst"),
            "read-head, send 65536, rst, fin");
  CHECK_STR(origin("rst"), "rst, fin");
  CHECK_STR(origin("stall"), "stall, fin");
}

TEST(without_steps_it_is_what_the_server_does) {
  CHECK_STR(origin(""), "read-head, answer, again, fin");
  CHECK_STR(proxy(""), "relay, fin");
  CHECK_STR(origin("rst@50%; rate:1k"), "read-head, answer, again, fin");
  CHECK_STR(origin("early"), "read-line, answer, read-head, again, fin");
}

TEST(an_offset_splits_what_sends) {
  CHECK_STR(origin("send 100; rst@0"), "rst, send 100, fin");
  CHECK_STR(origin("send 100; rst@1"), "send 1, rst, send 99, fin");
  CHECK_STR(origin("send 100; rst@100"), "send 100, rst, fin");
  CHECK_STR(origin("send 100; rst@101"), "nowhere");
  CHECK_STR(origin("send 10; send 10; rst@15"),
            "send 10, send 5, rst, send 5, fin");
  CHECK_STR(origin("send 100; stall@10%:1s; rst@50%"),
            "send 10, stall, send 40, rst, send 50, fin");
  CHECK_STR(origin("send 10; stall@5:1s; rst@5"),
            "send 5, stall, rst, send 5, fin");
  CHECK_STR(origin("send 10; corrupt@3"), "send 3, send 1!, send 6, fin");
  CHECK_STR(origin("flood; rst@4k"), "send 4096, rst, send, fin");
  CHECK_STR(origin("flood; rst@50%"), "nowhere");
  CHECK_STR(proxy("rst@4k"), "relay 4096, rst, relay, fin");
  CHECK_STR(proxy("rst@50%"), "nowhere");
}

TEST(times_become_alarms_and_texts_split_too) {
  CHECK_STR(proxy("rst@2s; rate@1s:1k"), "alarm, rate, alarm, rst, relay, fin");
  CHECK_STR(origin("rst@2s"), "alarm, rst, read-head, answer, again, fin");
  CHECK_STR(proxy("rst@\"x\""), "relay, rst, relay, fin");
  CHECK_STR(origin("send 10; rst@\"x\""), "nowhere");
}

TEST(rules_add_up) {
  begin("rate:1k");
  add("rst@10");
  CHECK_STR(compiled(CONVERSE_PROXY), "rate, relay 10, rst, relay, fin");
  begin("latency:1s; send 1; send 2");
  CHECK_STR(compiled(CONVERSE_ORIGIN),
            "latency, latency, send 1, latency, send 2, fin");
}

TEST(conditions_have_to_hold_together) {
  struct occasion occasion = {.connection = 2, .age_ns = 500};
  begin("conn:2; time:0-1s");
  add("conn:3");
  add("path:/a*");
  add("request:1-2");
  add("up");
  add("p:0%");
  add("p:100%");
  CHECK_EQ(rules_chosen(&rules, &occasion), 1 | 64);
  occasion.path = "/abc";
  occasion.request = 2;
  CHECK_EQ(rules_chosen(&rules, &occasion), 1 | 4 | 8 | 64);
  occasion.request = 3;
  CHECK_EQ(rules_chosen(&rules, &occasion), 1 | 4 | 64);
  occasion = (struct occasion){.connection = 1, .is_up = true};
  CHECK_EQ(rules_chosen(&rules, &occasion), 16);
  rules_clear(&rules);
}

static uint64_t pattern_of(uint64_t seed, uint64_t server) {
  uint64_t pattern = 0;
  for (uint64_t i = 0; i < 64; i++) {
    struct occasion occasion = {
        .seed = seed, .server = server, .connection = i + 1};
    pattern |= rules_chosen(&rules, &occasion) << i;
  }
  return pattern;
}

TEST(chance_is_a_function_of_seed_server_and_connection) {
  begin("p:50%");
  CHECK(pattern_of(42, 1) == pattern_of(42, 1));
  CHECK(pattern_of(42, 1) != pattern_of(43, 1));
  CHECK(pattern_of(42, 1) != pattern_of(42, 2));
  int count = __builtin_popcountll(pattern_of(42, 1));
  CHECK(count > 16 && count < 48);
  rules_clear(&rules);
}

TEST(generated_bytes_are_the_same_wherever_one_begins) {
  unsigned char all[200], part[200];
  chance_bytes(7, 1000, all, sizeof(all));
  for (size_t from = 0; from < 20; from++)
    for (size_t size = 0; size < 30; size++) {
      chance_bytes(7, 1000 + from, part, size);
      CHECK_EQ(memcmp(part, all + from, size), 0);
    }
  /* splitmix64's first number from 1234567 is well known. */
  uint64_t first = 0;
  chance_bytes(1234567, 0, part, 8);
  for (int i = 8; i-- > 0;)
    first = first << 8 | part[i];
  CHECK(first == UINT64_C(6457827717110365317));
}
