// The filter under which a program runs, for seccomp.c.
#ifndef CLINUX_FILTER_H
#define CLINUX_FILTER_H

// Installs the filter on the calling thread; the listener, close-on-exec, or a negated errno.
int clinux_install_filter(void);

#endif
