package io.limestone.cli.policy;

import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyKey;
import io.limestone.policy.PolicyPatch;
import io.limestone.policy.SignedPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A runtime policy in a file, and what is known of who wrote it.
 *
 * @param text as it stands in the file
 * @param envelope around it, if it is signed
 */
record PolicyFile(
    String name,
    Bytes text,
    Optional<SignedPolicy> envelope,
    Signature signature,
    PolicyDocument document) {
  static final Operand POLICY =
      Operand.one("POLICY", "the runtime policy, JSON or DSSE (- is standard input)");
  static final Option KEYS =
      Option.values(
              "--key",
              "FILE",
              "PEM of a public key or certificate: the policy must be signed by it, or by another"
                  + " one given so")
          .or("-k");
  static final Option UNVERIFIED =
      Option.flag("--unverified", "Take a signed policy without a --key to verify it with");
  static final Option OUT =
      Option.value("--output", "FILE", "Where it goes (default: standard output)").or("-o");

  /** Above what a policy of a million digests takes (150 MiB), and what the verifier answers. */
  static final int MAX_POLICY = 256 << 20;

  private static final int MAX_KEY = 64 << 10;

  /** Whether somebody vouches for a policy. */
  sealed interface Signature {
    record None() implements Signature {}

    /** By the key in this file. */
    record By(String key) implements Signature {}

    /** There are signatures, and nobody gave a key to verify them with. */
    record NotVerified() implements Signature {}

    /** For scripts. */
    default String word() {
      return switch (this) {
        case None none -> "none";
        case By by -> "verified";
        case NotVerified not -> "NOT VERIFIED";
      };
    }

    /** For people. */
    default String text() {
      return switch (this) {
        case None none -> "not signed";
        case By(String key) -> "signed, verified by " + key;
        case NotVerified not ->
            "signed, but the signature is NOT VERIFIED: anybody may have written it (--key)";
      };
    }
  }

  /**
   * Reads a policy that something is to be decided by, or made of: where there is a signature, it
   * has been verified, or the user does without.
   */
  static PolicyFile trusted(String name, Arguments arguments) throws IOException {
    PolicyFile file = read(name, arguments);
    if (file.signature instanceof Signature.NotVerified && !arguments.has(UNVERIFIED)) {
      throw CommandFailed.unusable(
          name
              + " is signed, and nobody has verified by whom: --key FILE verifies it, --unverified"
              + " takes it as if it were not signed");
    }
    return file;
  }

  /** Reads a policy to look at. With {@link #KEYS} it must be signed by one of them. */
  static PolicyFile read(String name, Arguments arguments) throws IOException {
    Bytes text = bytes(name);
    try {
      Optional<SignedPolicy> envelope =
          SignedPolicy.isEnvelope(text) ? Optional.of(SignedPolicy.parse(text)) : Optional.empty();
      Signature signature = signature(name, envelope, arguments.all(KEYS));
      return new PolicyFile(name, text, envelope, signature, PolicyDocument.parse(text));
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }

  private static Signature signature(
      String name, Optional<SignedPolicy> envelope, List<String> keys) throws IOException {
    if (keys.isEmpty()) {
      return envelope.isPresent() ? new Signature.NotVerified() : new Signature.None();
    }
    SignedPolicy signed =
        envelope.orElseThrow(() -> CommandFailed.unusable(name + " is not signed"));
    return signer(signed, keys)
        .orElseThrow(
            () ->
                CommandFailed.unusable(
                    name + " is NOT signed by " + String.join(" or ", keys) + ": do not use it"));
  }

  /** The first of these keys that one of the signatures is by. */
  static Optional<Signature.By> signer(SignedPolicy signed, List<String> keys) throws IOException {
    for (String file : keys) {
      try {
        if (signed.isSignedBy(PolicyKey.parse(Input.read(file, MAX_KEY, "key")))) {
          return Optional.of(new Signature.By(file));
        }
      } catch (MalformedException e) {
        throw e.in(file);
      }
    }
    return Optional.empty();
  }

  static Bytes bytes(String name) throws IOException {
    return Input.read(name, MAX_POLICY, "runtime policy");
  }

  /** How the policy is named that a patch is made for: by its content, signed or not. */
  String digest() {
    return PolicyPatch.digestOf(envelope.map(SignedPolicy::payload).orElse(text));
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
