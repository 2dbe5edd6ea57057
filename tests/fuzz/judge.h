// What every answer of the workers must be, whatever was asked: a known status, each header once and whole,
// the headers of safety, and a body that is what it says it is.
#ifndef STOREFRONT_TESTS_FUZZ_JUDGE_H
#define STOREFRONT_TESTS_FUZZ_JUDGE_H

#include "storefront/base/text.h"

// Holds `written`, the answer to one request in CGI's form, to that; its status.
int judge_answer(struct text written, bool is_secure);

#endif
