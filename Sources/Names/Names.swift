// Names: from the words that people use for hosts and services to addresses and ports, and back.
//
// May use: everything below, and of the system only what Devices offers. Promises: every answer is
// the one glibc gives to the same question, unless docs/DIFFERENCES.md says otherwise; whatever a
// file or a server says, nothing traps and nothing grows without bound.
//
//   Numeric/     addresses written in numbers: inet_pton, inet_aton and their like
//   Files/       hosts, services, protocols, resolv.conf, gai.conf, nsswitch.conf
//   DNS/         messages of the Domain Name System, read and written
//   Resolver/    asking servers: the pure state machine, the cache, the driver over sockets
//   Lookup/      getaddrinfo, getnameinfo, gethostbyname, getservbyname
//   Connecting/  to connect and to listen by name (RFC 8305)
