/* xml.h: text made fit for XML 1.0. */
#ifndef RUN_XML_H
#define RUN_XML_H

#include <stddef.h>
#include <stdio.h>

/* Writes text as the content of an element.  Bytes that are no UTF-8, and
 * characters that XML forbids even escaped, become U+FFFD. */
void xml_put(FILE *file, const char *text, size_t size);

/* ` name="value"` */
void xml_attribute(FILE *file, const char *name, const char *value);

#endif
