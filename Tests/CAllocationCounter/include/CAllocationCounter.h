// Counts what a thread allocates on the heap, for tests that promise it does not.
#ifndef CALLOCATIONCOUNTER_H
#define CALLOCATIONCOUNTER_H

#include <stdbool.h>

/// Whether allocations are counted: not where a sanitizer has taken malloc for itself.
bool allocation_counter_is_available(void);

/// How often the calling thread has allocated so far.
long allocation_counter_value(void);

#endif
