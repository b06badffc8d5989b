// Wire: the formats of packets. Checked views of what was received, writers of what is sent, and
// the addresses and numbers that stand in both.
//
// May use: the standard library and Memory. Promises: no unsafe code; a view checks lengths once,
// when it is made, and after that none of its accessors can fail or read outside its bytes; no
// bytes, however wrong, trap; nothing here allocates except text.
//
// Each protocol is one file of one shape: a view over the bytes, a header to be written, the
// places of the fields. A view takes the contiguous first bytes of a packet and the number of
// bytes that lie elsewhere behind them: headers must be among the first, a payload need not.
//
//   Addresses/   Ethernet, IPv4 and IPv6 addresses, prefixes, socket addresses, and their text
//   Link/        Ethernet, ARP
//   Network/     IPv4, IPv6, ICMP, IGMP, MLD, the pseudo-header
//   Transport/   UDP, TCP with its options and sequence numbers
//   Netlink/     what a host says to its own programs: links, addresses, routes, sockets
