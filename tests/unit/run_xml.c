/* run_xml.c: whatever goes in, a reader of XML 1.0 takes it. */
#include "harness/harness.h"

#include "run/xml.h"

static const char *written(void (*put)(FILE *, const char *),
                           const char *text) {
  static char result[1024];
  char *memory;
  size_t size;
  FILE *file = open_memstream(&memory, &size);
  CHECK(file != NULL);
  put(file, text);
  fclose(file);
  CHECK(size < sizeof(result));
  memcpy(result, memory, size + 1);
  free(memory);
  return result;
}

static void put_content(FILE *file, const char *text) {
  xml_put(file, text, strlen(text));
}

static void put_attribute(FILE *file, const char *text) {
  xml_attribute(file, "k", text);
}

#define FFFD "\xef\xbf\xbd"

TEST(plain_text_stays) {
  CHECK_STR(written(put_content, ""), "");
  CHECK_STR(written(put_content, "abc 'd' \x7f \xc3\xa9 \xf0\x9f\x98\x80"),
            "abc 'd' \x7f \xc3\xa9 \xf0\x9f\x98\x80");
  CHECK_STR(written(put_attribute, "abc"), " k=\"abc\"");
}

TEST(what_means_something_is_escaped) {
  CHECK_STR(written(put_content, "a<b>&\"]]>"), "a&lt;b&gt;&amp;&quot;]]&gt;");
  CHECK_STR(written(put_attribute, "\"<&>\""),
            " k=\"&quot;&lt;&amp;&gt;&quot;\"");
}

TEST(whitespace_comes_back_as_it_was) {
  CHECK_STR(written(put_content, "a\nb\tc\rd"), "a\nb\tc&#13;d");
  CHECK_STR(written(put_attribute, "a\nb\tc\rd"), " k=\"a&#10;b&#9;c&#13;d\"");
}

TEST(forbidden_characters_are_replaced) {
  CHECK_STR(written(put_content, "\x01|\x1b[31m|\x1f"),
            FFFD "|" FFFD "[31m|" FFFD);
  CHECK_STR(written(put_content, "\xef\xbf\xbe|\xef\xbf\xbf"), FFFD "|" FFFD);
}

TEST(bytes_that_are_no_utf8_are_replaced) {
  CHECK_STR(written(put_content,
                    "a\xff"
                    "b"),
            "a" FFFD "b");
  CHECK_STR(written(put_content, "\xc3"), FFFD);          /* cut off */
  CHECK_STR(written(put_content, "\xc0\xaf"), FFFD FFFD); /* too long */
  CHECK_STR(written(put_content, "\xed\xa0\x80"), FFFD FFFD FFFD);
}

TEST(a_zero_byte_is_a_byte_too) {
  char *memory;
  size_t size;
  FILE *file = open_memstream(&memory, &size);
  xml_put(file, "a\0b", 3);
  fclose(file);
  CHECK_STR(memory, "a" FFFD "b");
  free(memory);
}
