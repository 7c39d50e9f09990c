package io.limestone.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** T12, attack 31. */
class HalfOpenHandshakeTest {
  @TempDir Path home;

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void t12HalfOpenHandshakesEndAndDelayNobody(String nativeTls) throws Exception {
    try (RunningServer server =
        RunningServer.start(
            home,
            "server.roles",
            "registrar",
            "server.native_tls",
            nativeTls,
            "server.handshake_timeout",
            "1",
            "server.idle_timeout",
            "30")) {
      List<Socket> silent = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port("registrar-tls"));
        if (i % 2 == 0) {
          // The first bytes of a ClientHello, and no more.
          socket.getOutputStream().write(new byte[] {0x16, 3, 1, 2, 0, 1});
        }
        silent.add(socket);
      }
      assertThat(
              RunningServer.send(
                      server.admin(), "GET", server.tls("registrar-tls", "/v2.6/agents"), null)
                  .statusCode())
          .isEqualTo(200);
      for (Socket socket : silent) {
        socket.setSoTimeout(20_000);
        assertThat(ends(socket)).isTrue();
        socket.close();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"true", "false"})
  void plainHttpOnATlsPortIsClosed(String nativeTls) throws Exception {
    try (RunningServer server =
        RunningServer.start(home, "server.roles", "registrar", "server.native_tls", nativeTls)) {
      try (Socket socket =
          new Socket(InetAddress.getLoopbackAddress(), server.port("registrar-tls"))) {
        socket.setSoTimeout(20_000);
        socket
            .getOutputStream()
            .write("GET /version HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        assertThat(ends(socket)).isTrue();
      }
    }
  }

  /** Whether the server closes or resets, whatever it says before. */
  private static boolean ends(Socket socket) {
    try {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[1000];
      while (in.read(buffer) >= 0) {
        // A TLS alert, at most.
      }
      return true;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
