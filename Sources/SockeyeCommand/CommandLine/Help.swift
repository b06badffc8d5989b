/// What the command says of itself.
enum Help {
    static let overview = """
        usage: sockeye COMMAND [OPTION …]

        An Internet of your own in user space: TCP/IP hosts, and any program on one.

          demo    two hosts talk to each other; every packet is explained
          host    a TCP/IP host on a TAP device
          run     a program on Sockeye's stack instead of the kernel's, without root
          help    this text, or with a command's name what that command takes
          version the version

        Exit status: 0 when all went well, 1 when something failed, 2 when the command line
        was wrong; 'run' passes on the program's own.
        """

    static let texts: [String: String] = [
        "demo": demo, "host": host, "run": run,
    ]

    private static let demo = """
        usage: sockeye demo [--capture FILE]

        Two hosts on a wire inside this process, without privilege or network: one serves echo,
        daytime and a web page, the other uses them. Shows each packet as tcpdump would, the
        handshake and the close as a ladder, and the tables of sockets.

          --capture FILE   where the packets go, for tshark or Wireshark (default: demo.pcap)
        """

    private static let host = """
        usage: sockeye host --tap NAME --address ADDRESS/LENGTH [OPTION …]

        A TCP/IP host of its own on a TAP device, until SIGINT or SIGTERM.

          --tap NAME         the device; it is made if it does not exist (that needs CAP_NET_ADMIN)
          --address A/L      the host's address and network, such as 10.7.0.2/24
          --gateway ADDRESS  where packets to other networks go
          --mac ADDRESS      the host's hardware address (default: made from its address)
          --serve LIST       services, separated by commas: echo, discard, daytime, chargen,
                             http=DIRECTORY (GET and HEAD of its files)
          --writable         lets http clients PUT files too
          --capture FILE     records every packet
          --no-offload       neither checksums nor segmentation are left to the device
          --stats            prints the counters at the end
        """

    private static let run = """
        usage: sockeye run [OPTION …] [--] PROGRAM [ARGUMENT …]

        Runs a program, unmodified and as an ordinary user, with Sockeye's TCP/IP under its socket
        calls. It finds one host: services.sockeye (10.0.2.4), which serves echo (7), discard (9),
        daytime (13), chargen (19) and a web page (80), and answers its DNS queries.

          --capture FILE     records every packet of the program, for tshark or Wireshark
          --show             prints every packet of the program on standard error
          --loss P           loses packets, such as 2% (each way)
          --delay T          delays packets, such as 40ms (each way)
          --jitter T         varies the delay by up to T
          --duplicate P      sends packets twice
          --reorder P        lets packets overtake others
          --corrupt P        damages packets
          --rate R           bounds the link, such as 10mbit
          --seed N           repeats the same random decisions
          --stats            prints the counters at the end, on standard error
        """
}
