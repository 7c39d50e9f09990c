package io.limestone.server.http;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Listens, and answers from a table of routes. Netty's event loops only move bytes; handlers run on
 * virtual threads. (Netty directly and not Vert.x, which tells of a connection only after its TLS
 * handshake: too late to bound half-open ones, T12.)
 */
public final class HttpService implements AutoCloseable {
  private static final int BACKLOG = 4096;

  private final EventLoopGroup loops;
  private final InstantSource clock;
  private final List<Channel> listening = new ArrayList<>();
  private final ChannelGroup open = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final List<Desk> desks = new ArrayList<>();

  /**
   * @param clock against which client certificates are judged
   */
  public HttpService(InstantSource clock) {
    this.clock = clock;
    this.loops =
        new MultiThreadIoEventLoopGroup(
            Runtime.getRuntime().availableProcessors(), NioIoHandler.newFactory());
  }

  /**
   * Listens on one more port.
   *
   * @return the port's number
   */
  public int listen(Listener listener, List<Route> routes) throws IOException {
    Limits limits = listener.limits();
    Desk desk = new Desk(listener, new Routes(routes), new Gate(clock));
    AddressLimit connections =
        new AddressLimit(limits.connections(), limits.connectionsPerAddress());
    SslContext tls = listener.tls().isPresent() ? listener.tls().get().context() : null;
    Channel channel =
        new ServerBootstrap()
            .group(loops)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.SO_REUSEADDR, true)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel connection) {
                    admit(connection, desk, connections, tls);
                  }
                })
            .bind(listener.host(), listener.port())
            .awaitUninterruptibly()
            .channel();
    if (!channel.isActive()) {
      throw new IOException(
          listener.name() + ": can't listen on " + listener.host() + ":" + listener.port());
    }
    listening.add(channel);
    desks.add(desk);
    return ((InetSocketAddress) channel.localAddress()).getPort();
  }

  private void admit(
      SocketChannel connection, Desk desk, AddressLimit connections, @Nullable SslContext tls) {
    InetAddress peer = connection.remoteAddress().getAddress();
    if (!connections.enter(peer)) {
      desk.refusedConnections.increment();
      // A reset, so that the refused connection leaves nothing behind here.
      connection.config().setSoLinger(0);
      var unused = connection.close();
      return;
    }
    connection.closeFuture().addListener(closed -> connections.leave(peer));
    open.add(connection);
    Limits limits = desk.listener().limits();
    if (tls != null) {
      SslHandler handler = tls.newHandler(connection.alloc());
      handler.setHandshakeTimeout(limits.handshake().toMillis(), TimeUnit.MILLISECONDS);
      connection.pipeline().addLast("tls", handler);
    }
    connection
        .pipeline()
        .addLast(
            new HttpServerCodec(
                new HttpDecoderConfig()
                    .setMaxInitialLineLength(limits.head())
                    .setMaxHeaderSize(limits.head())
                    .setMaxChunkSize(65536)))
        .addLast(new Connection(desk, peer));
  }

  /** Numbers for the metrics, one desk for each listener. */
  public List<Desk> desks() {
    return List.copyOf(desks);
  }

  /** Stops listening, lets running requests end for a while, then closes what is open. */
  public void close(Duration drain) {
    listening.forEach(channel -> channel.close().awaitUninterruptibly());
    long deadline = System.nanoTime() + drain.toNanos();
    while (desks.stream().anyMatch(desk -> desk.busy() > 0) && System.nanoTime() < deadline) {
      try {
        Thread.sleep(10);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    open.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    loops
        .shutdownGracefully(0, 500, TimeUnit.MILLISECONDS)
        .awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    close(Duration.ofSeconds(1));
  }
}
