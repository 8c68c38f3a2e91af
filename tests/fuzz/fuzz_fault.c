/* fuzz_fault.c: the text of a fault, to items, back, and compiled. */
#include "fault/compile.h"

#include "fuzz.h"

static void compile_both(const struct rules *rules) {
  for (int kind = CONVERSE_ORIGIN; kind <= CONVERSE_PROXY; kind++) {
    struct program *program = NULL;
    const struct step *wrong = NULL;
    int error = compile_conversation(rules, 1, (enum conversation)kind, 7,
                                     &program, &wrong);
    PROMISE(error != 0 || program->steps[program->count - 1].op == OP_FIN);
    PROMISE(error == 0 || wrong != NULL);
    program_release(program);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char *text = fuzz_string(bytes, size);
  struct rules rules = {0}, again = {0};
  struct parse_error wrong;
  if (rules_add(&rules, text, &wrong) == 0) {
    char *printed = parse_print(rules.items[0]);
    PROMISE(printed != NULL);
    PROMISE(rules_add(&again, printed, &wrong) == 0);
    char *twice = parse_print(again.items[0]);
    PROMISE(twice != NULL && strcmp(printed, twice) == 0);
    compile_both(&rules);
    free(twice);
    free(printed);
  } else {
    PROMISE(wrong.position >= 1 && wrong.position <= strlen(text) + 1);
    PROMISE(wrong.text[0] != '\0');
  }
  rules_clear(&rules);
  rules_clear(&again);
  free(text);
  return 0;
}
