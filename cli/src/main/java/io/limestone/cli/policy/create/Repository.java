package io.limestone.cli.policy.create;

import io.limestone.cli.args.CommandFailed;
import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Where a package repository is: a directory, or an HTTP address. Safe from any thread. */
sealed interface Repository {
  /** Metadata that is held in memory as a whole: indexes, signatures, keys. */
  int MAX_SMALL = 16 << 20;

  /** The file from its start. */
  InputStream open(String href) throws IOException, InterruptedException;

  /** The bytes {@code from} (inclusive) to {@code to} (exclusive), fewer where the file ends. */
  byte[] range(String href, int from, int to) throws IOException, InterruptedException;

  /** A small file; nothing if there is none. */
  Optional<byte[]> small(String href) throws IOException, InterruptedException;

  /** A repository by its address, or by the name of its directory. */
  static Repository at(String place) {
    if (!place.startsWith("http://") && !place.startsWith("https://")) {
      try {
        return new Local(Path.of(place));
      } catch (InvalidPathException e) {
        throw CommandFailed.unusable(Encoding.printable(place, 200) + ": not a directory");
      }
    }
    try {
      return new Remote(URI.create(place.endsWith("/") ? place : place + "/"));
    } catch (IllegalArgumentException e) {
      throw CommandFailed.unusable(Encoding.printable(place, 200) + ": not an address");
    }
  }

  private static byte[] bounded(InputStream in, String href) throws IOException {
    byte[] bytes = in.readNBytes(MAX_SMALL + 1);
    if (bytes.length > MAX_SMALL) {
      throw new MalformedException(
          Encoding.printable(href, 200) + ": longer than " + MAX_SMALL + " bytes");
    }
    return bytes;
  }

  /** A directory; what its index names must lie in it. */
  record Local(Path folder) implements Repository {
    @Override
    public InputStream open(String href) throws IOException {
      return Files.newInputStream(file(href));
    }

    @Override
    public byte[] range(String href, int from, int to) throws IOException {
      try (InputStream in = open(href)) {
        in.skipNBytes(from);
        return in.readNBytes(to - from);
      }
    }

    @Override
    public Optional<byte[]> small(String href) throws IOException {
      try (InputStream in = open(href)) {
        return Optional.of(bounded(in, href));
      } catch (NoSuchFileException e) {
        return Optional.empty();
      }
    }

    private Path file(String href) {
      try {
        Path file = folder.resolve(href).normalize();
        if (file.startsWith(folder.normalize())) {
          return file;
        }
      } catch (InvalidPathException e) {
        throw new MalformedException(Encoding.printable(href, 200) + ": not a file name", e);
      }
      throw new MalformedException(Encoding.printable(href, 200) + ": outside of the repository");
    }

    @Override
    public String toString() {
      return folder.toString();
    }
  }

  /** An address. Redirects are followed, as mirrors need, but never from HTTPS to HTTP. */
  final class Remote implements Repository {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ATTEMPTS = 3;

    private final URI base;
    private final Duration patience;
    private final HttpClient client;

    Remote(URI base) {
      this(base, PATIENCE);
    }

    /**
     * A repository.
     *
     * @param patience with a connection, the headers of an answer, and each part of its body
     */
    Remote(URI base, Duration patience) {
      this.base = base;
      this.patience = patience;
      this.client =
          HttpClient.newBuilder()
              .followRedirects(HttpClient.Redirect.NORMAL)
              .connectTimeout(patience)
              .build();
    }

    @Override
    public InputStream open(String href) throws IOException, InterruptedException {
      return body(href, found(href, get(href, Optional.empty())));
    }

    @Override
    public byte[] range(String href, int from, int to) throws IOException, InterruptedException {
      HttpResponse<InputStream> response =
          found(href, get(href, Optional.of("bytes=" + from + "-" + (to - 1))));
      try (InputStream in = body(href, response)) {
        if (response.statusCode() != 206) { // a server without ranges sends it all
          in.skipNBytes(from);
        } else if (!response
            .headers()
            .firstValue("Content-Range")
            .orElse("")
            .startsWith("bytes " + from + "-")) {
          throw new IOException(name(href, response) + ": another part than asked for");
        }
        return in.readNBytes(to - from);
      }
    }

    @Override
    public Optional<byte[]> small(String href) throws IOException, InterruptedException {
      HttpResponse<InputStream> response = get(href, Optional.empty());
      if (response.statusCode() == 404) {
        response.body().close();
        return Optional.empty();
      }
      try (InputStream in = body(href, found(href, response))) {
        return Optional.of(bounded(in, href));
      }
    }

    private static HttpResponse<InputStream> found(String href, HttpResponse<InputStream> response)
        throws IOException {
      if (response.statusCode() != 200 && response.statusCode() != 206) {
        response.body().close();
        throw new IOException(name(href, response) + ": HTTP " + response.statusCode());
      }
      return response;
    }

    private InputStream body(String href, HttpResponse<InputStream> response) {
      return new PatientStream(response.body(), name(href, response), patience).watched();
    }

    private static String name(String href, HttpResponse<InputStream> response) {
      return Encoding.printable(response.uri().toString(), 300)
          + " ("
          + Encoding.printable(href, 200)
          + ")";
    }

    private HttpResponse<InputStream> get(String href, Optional<String> range)
        throws IOException, InterruptedException {
      HttpRequest.Builder request = HttpRequest.newBuilder(resolve(href)).timeout(patience);
      range.ifPresent(value -> request.header("Range", value));
      for (int attempt = 1; ; attempt++) {
        try {
          HttpResponse<InputStream> response =
              client.send(request.build(), BodyHandlers.ofInputStream());
          if (response.statusCode() < 500 || attempt == ATTEMPTS) {
            return response;
          }
          response.body().close();
        } catch (IOException e) {
          if (attempt == ATTEMPTS) {
            String why = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new IOException(base.resolve(".") + ": " + why, e);
          }
        }
        Thread.sleep(500L * attempt);
      }
    }

    private URI resolve(String href) {
      try {
        URI uri = base.resolve(href.replace(" ", "%20"));
        if ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) {
          return uri;
        }
      } catch (IllegalArgumentException e) {
        throw new MalformedException(Encoding.printable(href, 200) + ": not an address", e);
      }
      throw new MalformedException(Encoding.printable(href, 200) + ": neither HTTP nor HTTPS");
    }

    @Override
    public String toString() {
      return base.toString();
    }
  }
}
