package io.limestone.server.http;

import io.limestone.server.http.Gate.Decision;
import io.limestone.server.http.Routes.Match;
import io.limestone.wire.LongBytes;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One request while it arrives. Route and caller are decided by its head, so that the body of a
 * request that will be refused is read past and not kept.
 */
final class Intake {
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private final Desk desk;
  private final HttpRequest head;
  private final InetAddress peer;
  private final Map<String, String> headers;
  private final Ruling ruling;
  private final LongBytes.Builder body = new LongBytes.Builder();
  private long received;
  private long reserved;

  /** What the head alone decides. */
  private sealed interface Ruling {
    record Refuse(Response response) implements Ruling {}

    record Accept(Match.Found match, Caller caller) implements Ruling {}
  }

  /** What is to be done with the whole request. */
  sealed interface Outcome {
    record Answer(Response response) implements Outcome {}

    record Call(Route route, Request request) implements Outcome {}
  }

  private Intake(
      Desk desk, HttpRequest head, InetAddress peer, Map<String, String> headers, Ruling ruling) {
    this.desk = desk;
    this.head = head;
    this.peer = peer;
    this.headers = headers;
    this.ruling = ruling;
  }

  static Intake of(
      Desk desk, HttpRequest head, InetAddress peer, Optional<X509Certificate> certificate) {
    Map<String, String> headers = new HashMap<>();
    head.headers()
        .forEach(
            header -> headers.put(header.getKey().toLowerCase(Locale.ROOT), header.getValue()));
    return new Intake(desk, head, peer, headers, rule(desk, head, headers, certificate));
  }

  private static Ruling rule(
      Desk desk,
      HttpRequest head,
      Map<String, String> headers,
      Optional<X509Certificate> certificate) {
    if (headers.containsKey("transfer-encoding") && headers.containsKey("content-length")) {
      return new Ruling.Refuse(Response.empty(400));
    }
    if (!METHODS.contains(head.method().name())) {
      return new Ruling.Refuse(Response.empty(501));
    }
    String path = path(head.uri());
    return switch (desk.routes().match(head.method().name(), path)) {
      case Match.Nothing n -> new Ruling.Refuse(Response.empty(404));
      case Match.OtherMethod o -> new Ruling.Refuse(Response.empty(405));
      case Match.Found found -> {
        if (desk.listener().tls().isEmpty() && !found.route().alsoPlainHttp()) {
          yield new Ruling.Refuse(Response.empty(400));
        }
        yield switch (desk.gate().decide(found.route(), found.parameters(), headers, certificate)) {
          case Decision.Refused(Response response) -> new Ruling.Refuse(response);
          case Decision.Admitted(Caller caller) -> new Ruling.Accept(found, caller);
        };
      }
    };
  }

  /** Whether the head already declares more than a body may have. */
  boolean tooLarge() {
    return HttpUtil.getContentLength(head, 0L) > desk.listener().limits().body();
  }

  /** Takes a part of the body, or says why the request is refused. */
  Optional<Response> add(ByteBuf part) {
    received += part.readableBytes();
    if (received > desk.listener().limits().body()) {
      return Optional.of(Response.empty(413));
    }
    if (ruling instanceof Ruling.Accept) {
      if (!desk.reserve(part.readableBytes())) {
        return Optional.of(Response.empty(503));
      }
      reserved += part.readableBytes();
      byte[] bytes = new byte[part.readableBytes()];
      part.getBytes(part.readerIndex(), bytes);
      body.add(bytes);
    }
    return Optional.empty();
  }

  Outcome finish() {
    return switch (ruling) {
      case Ruling.Refuse(Response response) -> new Outcome.Answer(response);
      case Ruling.Accept(Match.Found found, Caller caller) -> {
        @Nullable Map<String, String> query = query(head.uri());
        yield query == null
            ? new Outcome.Answer(Response.empty(400))
            : new Outcome.Call(
                found.route(),
                new Request(
                    found.route().method(),
                    path(head.uri()),
                    found.parameters(),
                    query,
                    headers,
                    body.build(),
                    caller,
                    peer));
      }
    };
  }

  /** Gives the reserved memory back; once. */
  void release() {
    desk.release(reserved);
    reserved = 0;
  }

  boolean keepAlive() {
    return HttpUtil.isKeepAlive(head);
  }

  /** The client's request id, made harmless: word characters only, 36 at most. */
  String requestId() {
    String wish = headers.getOrDefault("x-request-id", "").replaceAll("[^A-Za-z0-9_]", "");
    return wish.substring(0, Math.min(36, wish.length()));
  }

  private static String path(String uri) {
    int end = uri.indexOf('?');
    return end < 0 ? uri : uri.substring(0, end);
  }

  /** The decoded query, null if it can't be decoded. */
  private static @Nullable Map<String, String> query(String uri) {
    Map<String, String> query = new HashMap<>();
    try {
      for (Map.Entry<String, List<String>> entry :
          new QueryStringDecoder(uri).parameters().entrySet()) {
        String value = entry.getValue().getLast();
        if (!value.isBlank()) {
          query.put(entry.getKey(), value);
        }
      }
    } catch (IllegalArgumentException e) {
      return null;
    }
    return query;
  }
}
