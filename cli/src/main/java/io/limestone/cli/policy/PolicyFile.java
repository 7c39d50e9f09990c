package io.limestone.cli.policy;

import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.SignedPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A runtime policy in a file.
 *
 * @param text as it stands in the file
 * @param envelope around it, if it is signed; whose signature nobody has looked at yet
 */
record PolicyFile(
    String name, Bytes text, Optional<SignedPolicy> envelope, PolicyDocument document) {
  /** Reads a file; {@code -} is standard input. */
  static PolicyFile read(String name) throws IOException {
    Bytes text = bytes(name);
    try {
      Optional<SignedPolicy> envelope =
          SignedPolicy.isEnvelope(text) ? Optional.of(SignedPolicy.parse(text)) : Optional.empty();
      return new PolicyFile(name, text, envelope, PolicyDocument.parse(text));
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }

  static Bytes bytes(String name) throws IOException {
    return Bytes.of(
        name.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(name)));
  }

  /** Writes a result to a file, or to standard output. */
  static void write(Optional<Path> file, Bytes text, Output output) throws IOException {
    if (file.isPresent()) {
      Files.write(file.get(), text.toArray());
    } else {
      output.line(new String(text.toArray(), StandardCharsets.UTF_8));
    }
  }
}
