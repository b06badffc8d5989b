extension GatewayCommand {
    /// What who types `sockeye gateway` alone reads.
    static let lesson = """
        usage: sockeye gateway --netns PID|PATH [OPTION …]
               sockeye gateway --socket PATH [OPTION …]

        The way out for a container or a virtual machine, without root. Try:

          unshare -Urn sh -c 'echo $$; exec sleep 1000'   says PID, and in another terminal:
          sockeye gateway --netns PID
                  gives the namespace an interface tap0 that leads to all the machine reaches
          nsenter -t PID -U -n --preserve-credentials curl http://services.sockeye/

        'sockeye gateway --help' lists all options.
        """

    /// `sockeye gateway --help`.
    static let help = """
        usage: sockeye gateway --netns PID|PATH [OPTION …]
               sockeye gateway PID|PATH [INTERFACE] [OPTION …]      (as slirp4netns)
               sockeye gateway --socket PATH [OPTION …]

        A gateway without root: what hosts on its link send is carried on by sockets of the machine's,
        as this user's. A connection is accepted once the machine's own has been, and refused as that
        was. It ends on SIGINT or SIGTERM, with the process whose namespace it serves, or with
        --exit-fd.

        On the link (IPv4 and IPv6):
          10.0.2.2, fd00:2::2     the gateway; what connects to it reaches the machine's loopback
          10.0.2.3, fd00:2::3     name server: asks those of the machine's /etc/resolv.conf
          10.0.2.4, fd00:2::4     services.sockeye: echo, discard, daytime, chargen, a web page
          10.0.2.100, fd00:2::100 the host inside

        Whose gateway:
          --netns PID|PATH   the network namespace of a process, or a file such as /run/netns/lab. A
                             TAP is made there, or where /dev/net/tun is not to be had a veth
          --userns-path PATH the user namespace that is entered first (default: the one that owns it)
          --socket PATH      listens at PATH, and speaks as QEMU's '-netdev stream,addr.type=unix' and
                             passt do: 4 bytes of length before each frame. The guest configures itself
          -i, --interface N  of the interface inside (default: tap0)
          -c, --configure, --config-net
                             addresses, routes, interface and loopback up: as it does anyway, unless
          --no-configure     it only makes the interface
          -m, --mtu BYTES    1280 to 65520 (default: 65520; with --socket 1500)
          --cidr NETWORK     other addresses of IPv4 with the same last numbers (default: 10.0.2.0/24)
          -4, --ipv4, --ipv4-only
                             no IPv6 on the link (-6, --enable-ipv6: it is there anyway)

        What passes:
          --disable-host-loopback, --no-map-gw
                             the gateway's own addresses do not lead to the machine's loopback
          --disable-dns      no name server
          -t, --tcp-ports SPEC, -u, --udp-ports SPEC
                             ports of the machine that lead in: 8080, 8080:80, 22,8000-8010, or
                             ADDRESS/PORTS; none; may be repeated
          -p, --publish [ADDRESS:]HOSTPORT:PORT[/udp]
                             the same as 'sockeye run' has it
          --capture FILE     records every packet, for tshark or Wireshark; - prints lines

        How it runs:
          -r, --ready-fd FD  writes "1" to FD once all is there, and closes it
          -e, --exit-fd FD   ends when FD is closed at its other end
          -1, --one-off      ends when the peer on the socket goes
          -f, --foreground   as it always does
          -q, --quiet        says nothing when it is ready
          -h, --help         this text

        Exit status: 0 when it was told to end, 1 when something failed, 2 when the command line was
        wrong.

        Examples:
          sockeye gateway --netns $(pgrep -f my-container) -t 8080:80
          sockeye gateway -c -m 1500 -r 3 1234 tap0 3>ready
          sockeye gateway --socket /tmp/vm.sock --one-off -t 2222:22
          qemu-system-x86_64 … -netdev stream,id=n,addr.type=unix,addr.path=/tmp/vm.sock \\
              -device virtio-net,netdev=n
        """
}
