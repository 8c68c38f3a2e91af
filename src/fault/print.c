/*
 * print.c: items back to text, in the one form that says them exactly: it is
 * what the log calls "wanted", and what replays a fault.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "parse.h"

static void print_size(FILE *file, int64_t size) {
  static const char letters[] = "kMGT";
  int power = 0;
  while (size > 0 && size % 1024 == 0 && power < 4) {
    size /= 1024;
    power++;
  }
  fprintf(file, "%" PRId64, size);
  if (power > 0)
    fputc(letters[power - 1], file);
}

static void print_time(FILE *file, int64_t ns) {
  if (ns % 1000000000 == 0)
    fprintf(file, "%" PRId64 "s", ns / 1000000000);
  else if (ns % 1000000 == 0)
    fprintf(file, "%" PRId64 "ms", ns / 1000000);
  else
    fprintf(file, "%" PRId64 "us", ns / 1000);
}

static void print_percent(FILE *file, int64_t millionths) {
  fprintf(file, "%" PRId64, millionths / 10000);
  int64_t rest = millionths % 10000;
  if (rest != 0) {
    int digits = 4;
    for (; rest % 10 == 0; rest /= 10)
      digits--;
    fprintf(file, ".%0*" PRId64, digits, rest);
  }
  fputc('%', file);
}

static void print_text(FILE *file, const struct step *step) {
  fputc('"', file);
  for (uint32_t i = 0; i < step->length; i++) {
    unsigned char c = (unsigned char)step->text[i];
    if (c == '"' || c == '\\')
      fprintf(file, "\\%c", c);
    else if (c == '\r' || c == '\n')
      fputs(c == '\r' ? "\\r" : "\\n", file);
    else if (c < ' ' || c >= 0x7f)
      fprintf(file, "\\x%02x", c);
    else
      fputc(c, file);
  }
  fputc('"', file);
}

static void print_position(FILE *file, const struct step *step) {
  fputc('@', file);
  switch (step->at) {
    case AT_BODY:
      fputs("body+", file);
      print_size(file, step->position);
      break;
    case AT_PERCENT:
      print_percent(file, step->position);
      break;
    case AT_TIME:
      print_time(file, step->position);
      break;
    case AT_TEXT:
      print_text(file, step);
      break;
    default:
      print_size(file, step->position);
      break;
  }
}

static void print_pair(FILE *file, const struct step *step, char between) {
  print_time(file, step->a);
  if (between == '~' ? step->b > 0 : step->b != INT64_MAX) {
    fputc(between, file);
    print_time(file, step->b);
  }
}

static void print_span(FILE *file, const struct step *step) {
  fprintf(file, "%" PRId64, step->a);
  if (step->b == INT64_MAX)
    fputc('-', file);
  else if (step->b != step->a)
    fprintf(file, "-%" PRId64, step->b);
}

static void print_argument(FILE *file, const struct step *step,
                           enum argument kind) {
  char word[32];
  if (step->word != NO_WORD) {
    fputs(step_word(&step_forms[step->form], step->word, word), file);
    return;
  }
  switch (kind) {
    case ARG_TIME:
    case ARG_AFTER:
      print_time(file, step->a);
      break;
    case ARG_PERIOD:
      print_time(file, step->b);
      break;
    case ARG_SIZES:
      print_size(file, step->a);
      if (step->spread > 0) {
        fputc('~', file);
        print_size(file, step->spread);
      }
      break;
    case ARG_SPREAD:
      print_pair(file, step, '~');
      break;
    case ARG_TIMES:
      print_pair(file, step, '-');
      break;
    case ARG_PERCENT:
      print_percent(file, step->a);
      break;
    case ARG_NUMBER:
      fprintf(file, "%" PRId64, step->a);
      break;
    case ARG_SPAN:
      print_span(file, step);
      break;
    case ARG_TEXT:
      print_text(file, step);
      break;
    case ARG_LENGTH:
      fprintf(file, step->b ? "%+" PRId64 : "%" PRId64, step->a);
      break;
    default:
      if (kind == ARG_DATA && step->text != NULL)
        print_text(file, step);
      else
        print_size(file, step->a);
      break;
  }
}

static void print_item(FILE *file, const struct step *step) {
  const struct form *form = &step_forms[step->form];
  fputs(form->name, file);
  if (step->at != AT_NONE)
    print_position(file, step);
  if (!step->has_argument)
    return;
  fputc(':', file);
  print_argument(file, step, form->argument);
  if (form->second != ARG_NONE) {
    fputc(',', file);
    print_argument(file, step, form->second);
  }
}

char *parse_print(const struct program *items) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (file == NULL)
    return NULL;
  for (uint32_t i = 0; i < items->count; i++) {
    if (i > 0)
      fputs("; ", file);
    print_item(file, &items->steps[i]);
  }
  if (fclose(file) == 0)
    return text;
  free(text);
  return NULL;
}
