/* The variables of a script: descriptors by name, and ports by letter. */
#include "interpreter.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { maximumVariables = 64, maximumPorts = 256 };

static struct {
    char name[24];
    int value;
} variables[maximumVariables];
static int variableCount;
static int ephemeralPorts[maximumPorts];
static int ephemeralCount;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int scriptNumber;

/* A variable, or a number after `#`; `#file` is a file that is no socket. */
int descriptor(const char *name) {
    if (strcmp(name, "#file") == 0) return STDIN_FILENO;
    if (name[0] == '#') return (int)strtol(name + 1, NULL, 0);
    pthread_mutex_lock(&lock);
    int value = -2;
    for (int number = 0; number < variableCount; number++)
        if (strcmp(variables[number].name, name) == 0) value = variables[number].value;
    pthread_mutex_unlock(&lock);
    if (value == -2) wrong("no descriptor: %s", name);
    return value;
}

void setDescriptor(const char *name, int value) {
    pthread_mutex_lock(&lock);
    int number = 0;
    while (number < variableCount && strcmp(variables[number].name, name) != 0) number++;
    if (number == maximumVariables) wrong("too many variables");
    if (number == variableCount) variableCount++;
    snprintf(variables[number].name, sizeof variables[number].name, "%s", name);
    variables[number].value = value;
    pthread_mutex_unlock(&lock);
}

const char *descriptorName(int value) {
    for (int number = variableCount; number-- > 0;)
        if (variables[number].value == value) return variables[number].name;
    return "?";
}

/* A closed descriptor keeps its variable, so that a script may use it once more. */
static bool isClosed[maximumVariables];

void forgetDescriptor(int value) {
    for (int number = 0; number < variableCount; number++)
        if (variables[number].value == value) isClosed[number] = true;
}

void closeEverything(void) {
    for (int number = 0; number < variableCount; number++)
        if (variables[number].value >= 0 && !isClosed[number])
            CALL(close)(variables[number].value);
    memset(isClosed, 0, sizeof isClosed);
    variableCount = 0;
}

/* Letters are ports of the script alone, outside of the ranges that systems choose from. */
static int firstPort(void) { return 5000 + scriptNumber % 900 * 26; }

int portFrom(const char *text) {
    if (isupper((unsigned char)text[0]) && !text[1]) return firstPort() + text[0] - 'A';
    // The port of a socket that the system has named: `&s`.
    if (text[0] == '&') {
        struct sockaddr_storage storage;
        socklen_t length = sizeof storage;
        if (CALL(getsockname)(descriptor(text + 1), (struct sockaddr *)&storage, &length) != 0)
            wrong("no name: %s", text);
        // Both families have their port in the same place.
        unsigned char *bytes = (unsigned char *)&storage;
        return bytes[2] << 8 | bytes[3];
    }
    return (int)strtol(text, NULL, 0);
}

void forgetPorts(void) { ephemeralCount = 0; }

/* A port that the system chose is called by the order in which such ports are seen. */
void printPort(struct line *line, int port) {
    if (port >= firstPort() && port < firstPort() + 26) {
        print(line, "%c", 'A' + port - firstPort());
        return;
    }
    if (port < 1024) {
        print(line, "%d", port);
        return;
    }
    int number = 0;
    while (number < ephemeralCount && ephemeralPorts[number] != port) number++;
    if (number == ephemeralCount && ephemeralCount < maximumPorts)
        ephemeralPorts[ephemeralCount++] = port;
    print(line, "e%d", number + 1);
}
