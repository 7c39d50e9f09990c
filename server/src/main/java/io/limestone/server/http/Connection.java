package io.limestone.server.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * One client's connection: one request after the other, each within its deadlines. Only called on
 * the connection's own event loop.
 *
 * <pre>
 *   WAITING ──head──▶ READING ──whole body──▶ HANDLING ──answer──▶ WAITING
 *      │ idle            │ upload: 408           │ handling: 503, interrupt
 *      ▼ close           ▼ close                 ▼ client gone: interrupt
 * </pre>
 *
 * What a client sends ahead while its request is handled waits in a small queue; a full queue stops
 * reading.
 */
final class Connection extends ChannelInboundHandlerAdapter {
  private static final int AHEAD = 16;
  private static final Duration LINGER = Duration.ofSeconds(2);

  private final Desk desk;
  private final InetAddress peer;
  private final Deque<HttpObject> ahead = new ArrayDeque<>();

  private @Nullable ScheduledFuture<?> deadline;
  private @Nullable Intake intake;
  private @Nullable Thread handling;
  private boolean busy;
  private boolean closing;

  Connection(Desk desk, InetAddress peer) {
    this.desk = desk;
    this.peer = peer;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    waitForHead(context);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof SslHandshakeCompletionEvent done && done.isSuccess()) {
      waitForHead(context);
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (closing || !(message instanceof HttpObject object)) {
      ReferenceCountUtil.release(message);
    } else if (busy) {
      ahead.add(object);
      if (ahead.size() >= AHEAD) {
        context.channel().config().setAutoRead(false);
      }
    } else {
      take(context, object);
    }
  }

  private void take(ChannelHandlerContext context, HttpObject object) {
    try {
      if (object.decoderResult().isFailure()) {
        refuse(context, malformed(object.decoderResult().cause()));
        return;
      }
      if (object instanceof HttpRequest head) {
        begin(context, head);
      }
      if (object instanceof HttpContent content && intake != null && !closing) {
        Optional<Response> refusal = intake.add(content.content());
        if (refusal.isPresent()) {
          refuse(context, refusal.get());
        } else if (object instanceof LastHttpContent) {
          finish(context, intake);
        }
      }
    } finally {
      ReferenceCountUtil.release(object);
    }
  }

  private void begin(ChannelHandlerContext context, HttpRequest head) {
    Intake started = Intake.of(desk, head, peer, certificate(context));
    intake = started;
    if (started.tooLarge()) {
      refuse(context, Response.empty(413));
      return;
    }
    schedule(
        context, desk.listener().limits().upload(), () -> refuse(context, Response.empty(408)));
    if (HttpUtil.is100ContinueExpected(head)) {
      var unused =
          context.writeAndFlush(
              new DefaultFullHttpResponse(
                  HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
    }
  }

  private void finish(ChannelHandlerContext context, Intake whole) {
    busy = true;
    switch (whole.finish()) {
      case Intake.Outcome.Answer(Response response) -> answer(context, whole, response);
      case Intake.Outcome.Call(Route route, Request request) -> {
        schedule(
            context,
            desk.listener().limits().handling(),
            () -> {
              desk.overdue.increment();
              interrupt();
              answer(context, whole, Response.empty(503));
            });
        handling =
            desk.start(
                route,
                request,
                response -> context.executor().execute(() -> answer(context, whole, response)));
        if (handling == null) {
          answer(context, whole, Response.empty(503));
        }
      }
    }
  }

  /** Writes the first answer to a request; a later one, of an interrupted handler, is dropped. */
  private void answer(ChannelHandlerContext context, Intake answered, Response response) {
    if (intake != answered) {
      return;
    }
    intake = null;
    handling = null;
    answered.release();
    boolean keep = answered.keepAlive() && !closing;
    waitForHead(context);
    write(context, response, answered.requestId(), keep);
    if (keep) {
      busy = false;
      resume(context);
    }
  }

  /** Answers and closes: what follows in the stream can't be told apart from this request. */
  private void refuse(ChannelHandlerContext context, Response response) {
    String requestId = intake == null ? "" : intake.requestId();
    drop();
    closing = true;
    waitForHead(context);
    write(context, response, requestId, false);
  }

  private void resume(ChannelHandlerContext context) {
    while (!busy && !closing && !ahead.isEmpty()) {
      take(context, ahead.poll());
    }
    if (ahead.isEmpty()) {
      context.channel().config().setAutoRead(true);
    }
  }

  private void write(
      ChannelHandlerContext context, Response response, String requestId, boolean keep) {
    ByteBuf body = Unpooled.wrappedBuffer(response.body().toArray());
    FullHttpResponse message =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(response.status()), body);
    response.headers().forEach((name, value) -> message.headers().set(name, value));
    message.headers().set("X-Request-ID", requestId);
    if (response.status() != 204) {
      message.headers().setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
    }
    if (!keep) {
      closing = true;
      message.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    }
    var written = context.writeAndFlush(message);
    if (!keep) {
      var unused = written.addListener(done -> linger(context));
    }
  }

  /**
   * Says that nothing more comes, and reads past what the client still sends for a moment: closing
   * at once would reset the connection, and the client might never see the answer.
   */
  private void linger(ChannelHandlerContext context) {
    context.channel().config().setAutoRead(true);
    if (context.pipeline().get("tls") instanceof SslHandler tls) {
      var unused = tls.closeOutbound();
    } else if (context.channel() instanceof SocketChannel socket) {
      var unused = socket.shutdownOutput();
    }
    Duration idle = desk.listener().limits().idle();
    schedule(
        context,
        idle.compareTo(LINGER) < 0 ? idle : LINGER,
        () -> {
          var unused = context.close();
        });
  }

  private void waitForHead(ChannelHandlerContext context) {
    schedule(
        context,
        desk.listener().limits().idle(),
        () -> {
          var unused = context.close();
        });
  }

  /** Sets the connection's one deadline. */
  private void schedule(ChannelHandlerContext context, Duration time, Runnable then) {
    if (deadline != null) {
      deadline.cancel(false);
    }
    deadline = context.executor().schedule(then, time.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void interrupt() {
    if (handling != null) {
      handling.interrupt();
      handling = null;
    }
  }

  private void drop() {
    interrupt();
    if (intake != null) {
      intake.release();
      intake = null;
    }
    ahead.forEach(ReferenceCountUtil::release);
    ahead.clear();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    closing = true;
    drop();
    if (deadline != null) {
      deadline.cancel(false);
    }
    context.fireChannelInactive();
  }

  /**
   * A reset, a failed handshake, garbage instead of TLS: nothing a client may fill our log with.
   */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    var unused = context.close();
  }

  private static Response malformed(Throwable cause) {
    if (cause instanceof TooLongHttpLineException) {
      return Response.empty(414);
    }
    if (cause instanceof TooLongHttpHeaderException) {
      return Response.empty(431);
    }
    return Response.empty(cause instanceof TooLongFrameException ? 413 : 400);
  }

  private static Optional<X509Certificate> certificate(ChannelHandlerContext context) {
    if (!(context.pipeline().get("tls") instanceof SslHandler tls)) {
      return Optional.empty();
    }
    try {
      return tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate leaf
          ? Optional.of(leaf)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty();
    }
  }
}
