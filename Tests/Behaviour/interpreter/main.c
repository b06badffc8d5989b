/* Reads scripts and runs their lines; each is printed with what came of it.
 *
 *     interpreter SCRIPTS >results
 *     interpreter --tables            the names it knows
 *
 * `script NUMBER NAME` begins a script; what it leaves open is closed at its end. A script that
 * hangs ends the process with status 3; the runner goes on with the next one in another. */
#include "interpreter.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { maximumThreads = 8, secondsPerScript = 3 };

static const struct verb *const allVerbs[] = {
    namingVerbs, streamVerbs, messageVerbs, optionVerbs, readinessVerbs, descriptorVerbs};

static struct {
    char name[24];
    pthread_t thread;
    struct line *line;
} threads[maximumThreads];
static int threadCount;
static useconds_t settlingTime = 500;

_Noreturn void wrong(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf(" !");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    fflush(stdout);
    _exit(2);
}

static void brokenPipe(int signal) {
    (void)signal;
    brokenPipes++;
}

static void hang(int signal) {
    (void)signal;
    static const char text[] = " !hangs\n";
    if (write(STDOUT_FILENO, text, sizeof text - 1) < 0) _exit(4);
    _exit(3);
}

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void shiftWords(struct line *line, int by) {
    memmove(line->words, line->words + by, sizeof line->words[0] * (size_t)(line->count - by));
    line->count -= by;
}

/* `in 100,200 recv s 1`: whether the call took between so many milliseconds. */
static void runTimed(struct line *line) {
    char *parts[2];
    if (split(line->words[1], ',', parts, 2) != 2) wrong("a time has two ends");
    long from = atol(parts[0]), until = atol(parts[1]), start = milliseconds();
    shiftWords(line, 2);
    runLine(line);
    long took = milliseconds() - start;
    print(line, took < from ? " early" : took > until ? " late" : " in time");
}

static void *runThread(void *argument) {
    runLine(argument);
    return NULL;
}

/* `thread t recv s 10`: begins a call in another thread; `join t` tells what came of it. */
static void startThread(struct line *line) {
    if (threadCount == maximumThreads) wrong("too many threads");
    snprintf(threads[threadCount].name, sizeof threads[0].name, "%s", word(line, 1));
    struct line *own = calloc(1, sizeof *own);
    shiftWords(line, 2);
    for (int number = 0; number < line->count; number++)
        own->words[number] = strdup(line->words[number]);
    own->count = line->count;
    threads[threadCount].line = own;
    pthread_create(&threads[threadCount++].thread, NULL, runThread, own);
    // Long enough for the call to be waiting.
    usleep(15000);
}

static void join(struct line *line) {
    for (int number = 0; number < threadCount; number++)
        if (strcmp(threads[number].name, word(line, 1)) == 0) {
            pthread_join(threads[number].thread, NULL);
            print(line, "%s", threads[number].line->output);
            threads[number].name[0] = 0;
            return;
        }
    wrong("no such thread");
}

void runLine(struct line *line) {
    const char *result = NULL;
    char name[64];
    if (line->count > 2 && strcmp(line->words[1], "=") == 0) {
        snprintf(name, sizeof name, "%s", line->words[0]);
        result = name;
        shiftWords(line, 2);
    }
    const char *verb = word(line, 0);
    if (strcmp(verb, "in") == 0) return runTimed(line);
    if (strcmp(verb, "thread") == 0) return startThread(line);
    if (strcmp(verb, "join") == 0) return join(line);
    if (strcmp(verb, "sleep") == 0) {
        usleep((useconds_t)atoi(word(line, 1)) * 1000);
        return;
    }
    for (size_t table = 0; table < sizeof allVerbs / sizeof allVerbs[0]; table++)
        for (const struct verb *found = allVerbs[table]; found->name; found++)
            if (strcmp(found->name, verb) == 0) {
                found->run(line, result);
                if (found->sends && settlingTime) usleep(settlingTime);
                return;
            }
    wrong("no such call: %s", verb);
}

/* Words with spaces between them; quotes keep spaces together. */
static void splitLine(struct line *line, char *text) {
    line->count = 0;
    line->used = 0;
    line->output[0] = 0;
    while (*text) {
        while (*text == ' ') text++;
        if (!*text) break;
        if (line->count == maximumWords) wrong("too many words");
        line->words[line->count++] = text;
        bool isQuoted = false;
        for (; *text && (isQuoted || *text != ' '); text++)
            if (*text == '"') isQuoted = !isQuoted;
        if (*text) *text++ = 0;
    }
}

static void beginScript(const char *text) {
    alarm(secondsPerScript);
    closeEverything();
    forgetPorts();
    threadCount = 0;
    char *rest;
    scriptNumber = (int)strtol(text, &rest, 10);
    printf("script%s\n", rest);
    fflush(stdout);
}

int main(int count, char **words) {
    static struct line line;
    static char text[8192], copy[8192];
    if (count == 2 && strcmp(words[1], "--tables") == 0) {
        printTables();
        return 0;
    }
    const char *settling = getenv("BEHAVIOUR_SETTLING");
    if (settling) settlingTime = (useconds_t)atoi(settling);
    signal(SIGPIPE, brokenPipe);
    signal(SIGALRM, hang);
    signal(SIGIO, SIG_IGN);
    prepareHost();
    FILE *scripts = count == 2 ? fopen(words[1], "re") : NULL;
    if (!scripts) wrong("no scripts");
    while (fgets(text, sizeof text, scripts)) {
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, "script ", 7) == 0) {
            beginScript(text + 7);
            continue;
        }
        printf("%s |", text);
        fflush(stdout);
        strcpy(copy, text);
        splitLine(&line, copy);
        runLine(&line);
        printf("%s\n", line.output);
        fflush(stdout);
    }
    closeEverything();
    return 0;
}
