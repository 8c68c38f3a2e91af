/*
 * response.h: the answer to a request, right or wrong, as steps.
 */
#ifndef FAULT_RESPONSE_H
#define FAULT_RESPONSE_H

#include "program.h"
#include "request.h"
#include "resource.h"

/* The items of class RESPONSE that apply; of each, the last. */
struct alterations {
  const struct step *of[OP_COUNT];
  const struct step *headers[32]; /* OP_HEADER: all of them */
  size_t header_count;
};

void alterations_add(struct alterations *alterations,
                     const struct program *items);

/*
 * What is sent to answer, ending in OP_NEXT or in what ends the connection.
 * Takes the resource's fd.  `number` is the request's, for what changes each
 * time.  NULL out of memory.
 */
struct program *response_make(const struct request *request,
                              struct resource *resource,
                              const struct alterations *alterations,
                              uint64_t number);

/* A short one that says what is wrong, and closes. */
struct program *response_refuse(const struct request *request, int status,
                                const char *text);

/* -- Inside: response.c decides; response_head.c and coding.c say it ------- */

#define RESPONSE_BOUNDARY "belay-fault-boundary"

struct response {
  const struct request *request;
  const struct alterations *alterations;
  struct program *program;
  int status;
  const char *newline;
  const char *type;
  char etag[80];
  int64_t modified;
  enum send_source source;
  uint64_t seed;
  const char *text;
  uint32_t text_length;
  int64_t total; /* of the whole representation; ENDLESS */
  struct byte_range parts[RANGES_AT_MOST]; /* of it that are sent */
  size_t part_count;
  bool is_partial;
  bool has_body;
  bool closes;
  const char *location;
};

bool altered(const struct response *response, enum step_op op);
bool altered_to(const struct response *response, enum step_op op,
                const char *word);
/* The word of an alteration, "" if there is none. */
const char *altered_word(const struct response *response, enum step_op op,
                         char text[32]);

const char *response_reason(int status);

/* All of these add to the program: 0 or -ENOMEM. */
/* The head; `size` is the body's, or ENDLESS. */
int response_head(struct response *response, int64_t size);
int response_text(struct response *response, const char *text, bool is_body);
/* So many bytes of a text over and over; or ENDLESS. */
int response_repeat(struct response *response, const char *text, int64_t size,
                    bool is_body);
/* So many bytes of the representation. */
int response_part(struct response *response, int64_t offset, int64_t size);
/* The body, in chunks and with what is wrong with them. */
int response_chunks(struct response *response, int64_t offset, int64_t size);

#endif
