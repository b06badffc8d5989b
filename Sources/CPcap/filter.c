#define _GNU_SOURCE
#include "CPcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

int cpcap_compile(const char *expression, enum cpcap_link link, uint64_t *instructions,
                  int capacity) {
    pcap_t *format = pcap_open_dead(link == CPCAP_ETHERNET ? DLT_EN10MB : DLT_RAW, CPCAP_LONGEST);
    if (format == NULL) return -ENOMEM;
    struct bpf_program program;
    // The mask of a network only serves "ip broadcast", which is unknown here.
    if (pcap_compile(format, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        pcap_close(format);
        return -EINVAL;
    }
    int count = (int)program.bf_len;
    if (count > capacity) {
        count = -E2BIG;
    } else {
        _Static_assert(sizeof(struct bpf_insn) == sizeof(uint64_t), "an instruction has 8 bytes");
        memcpy(instructions, program.bf_insns, (size_t)count * sizeof(uint64_t));
    }
    pcap_freecode(&program);
    pcap_close(format);
    return count;
}
