/* The interpreter of call scripts: what its files share. README.md one folder up describes the
 * language. The same sources are compiled twice, for the kernel's sockets and for Sockeye's. */
#ifndef INTERPRETER_H
#define INTERPRETER_H

#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifdef SOCKEYE
#include <sockeye.h>
#define CALL(name) sockeye_##name
#else
#define CALL(name) name
#endif

enum { maximumWords = 48, outputSize = 1 << 16 };

/* A line of a script while it is executed; a thread has one of its own. */
struct line {
    char *words[maximumWords];
    int count;
    int used;
    char output[outputSize];
};

struct name {
    const char *text;
    long value;
};

/* An option with the level it is of. */
struct option {
    const char *text;
    int level, name;
};

/* names.c: constants by name and names by constant. */
extern const struct name families[], types[], protocols[], messageFlags[], pollEvents[], levels[];
extern const struct name statusFlags[], requests[], directions[], epollEvents[], epollCalls[];
const char *errorName(int number);
const char *nameOf(const struct name *table, long value);
bool findName(const struct name *table, const char *text, long *value);
long numberFrom(const struct name *table, const char *word);
long flagsFrom(const struct name *table, const char *word);
void findOption(const char *word, int *level, int *name);
const char *optionName(int level, int name);
void printTables(void);

/* words.c: what the words of a line stand for. */
struct data {
    char *bytes;
    size_t length;
    bool isNull;
};
struct address {
    struct sockaddr_storage storage;
    socklen_t length;
    bool isNull;
};
struct data dataFrom(const char *word);
struct address addressFrom(const char *word);
/* The bytes of an option or of a control message: `int:5`, `hex:0102`, `linger:1,0`, … */
struct data valueFrom(const char *word);
/* The word of `line` that begins with `key`, without it; NULL where there is none. */
const char *keyed(struct line *line, const char *key);
/* Word `number` of `line`; a script that lacks it is wrong. */
const char *word(struct line *line, int number);
int split(char *text, char separator, char **parts, int limit);

/* variables.c: descriptors and symbolic ports. */
int descriptor(const char *name);
void setDescriptor(const char *name, int value);
const char *descriptorName(int value);
void forgetDescriptor(int value);
void closeEverything(void);
int portFrom(const char *text);
void printPort(struct line *line, int port);
extern int scriptNumber;
void forgetPorts(void);

/* output.c: results as text that is the same in each run. */
void print(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
void printResult(struct line *line, long value);
void printData(struct line *line, const char *bytes, size_t length);
void printAddress(struct line *line, const struct sockaddr_storage *address, socklen_t length);
void printFlags(struct line *line, const struct name *table, long flags);
void printValue(struct line *line, const char *form, const char *bytes, size_t length);
void printControl(struct line *line, struct msghdr *message);
extern _Thread_local volatile int brokenPipes;

/* The calls themselves. */
struct verb {
    const char *name;
    void (*run)(struct line *line, const char *result);
    /* Whether packets may follow, which are given a moment to arrive. */
    bool sends;
};
extern const struct verb namingVerbs[], streamVerbs[], messageVerbs[], optionVerbs[];
extern const struct verb readinessVerbs[], descriptorVerbs[];

/* main.c */
void runLine(struct line *line);
_Noreturn void wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* host.c: where the sockets are. */
void prepareHost(void);

#endif
