#define _GNU_SOURCE
#include "CPcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cpcap_file {
    pcap_t *format;
    pcap_dumper_t *dumper;
};

// Why the last call on the stream failed.
static int reason(void) { return errno != 0 ? -errno : -EIO; }

static FILE *open_stream(const char *path) {
    if (strcmp(path, "-") != 0) return fopen(path, "wbe");
    // Closing the capture must not close standard output.
    int copy = dup(STDOUT_FILENO);
    if (copy < 0) return NULL;
    FILE *stream = fdopen(copy, "wb");
    if (stream == NULL) close(copy);
    return stream;
}

int cpcap_open(const char *path, enum cpcap_link link, struct cpcap_file **result) {
    errno = 0;
    FILE *stream = open_stream(path);
    if (stream == NULL) return reason();
    struct cpcap_file *file = calloc(1, sizeof *file);
    if (file == NULL) goto failed;
    file->format = pcap_open_dead_with_tstamp_precision(
        link == CPCAP_ETHERNET ? DLT_EN10MB : DLT_RAW, CPCAP_LONGEST, PCAP_TSTAMP_PRECISION_NANO);
    if (file->format == NULL) goto failed;
    file->dumper = pcap_dump_fopen(file->format, stream);
    if (file->dumper == NULL) goto failed;
    *result = file;
    return 0;

failed:;
    int error = reason();
    if (file != NULL && file->format != NULL) pcap_close(file->format);
    free(file);
    fclose(stream);
    return error;
}

int cpcap_write(struct cpcap_file *file, int64_t seconds, int64_t nanoseconds, const void *bytes,
                uint32_t count, uint32_t length) {
    // With the precision asked for the field of microseconds holds nanoseconds.
    struct pcap_pkthdr header = {.ts = {.tv_sec = seconds, .tv_usec = nanoseconds},
                                 .caplen = count,
                                 .len = length};
    errno = 0;
    pcap_dump((u_char *)file->dumper, &header, bytes);
    return ferror(pcap_dump_file(file->dumper)) ? reason() : 0;
}

int cpcap_flush(struct cpcap_file *file) {
    errno = 0;
    return pcap_dump_flush(file->dumper) != 0 ? reason() : 0;
}

int cpcap_close(struct cpcap_file *file) {
    int result = cpcap_flush(file);
    pcap_dump_close(file->dumper);
    pcap_close(file->format);
    free(file);
    return result;
}
