package io.limestone.cli.policy;

import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyPatch;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SignedPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.policy.boot.BootRules;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A policy of either kind, and what is known of who wrote it.
 *
 * @param name of the file, or that of the stored policy
 * @param json the policy's JSON text, which may have been within an envelope
 */
record PolicyFile(
    String name,
    Bytes json,
    Optional<SignedPolicy> envelope,
    Signature signature,
    Content content) {
  private static final List<String> REFERENCE_STATE = List.of("scrtm_and_bios", "kernels");

  /** What the document is. */
  sealed interface Content {
    record OfRuntime(PolicyDocument document) implements Content {}

    /** One of ours, or a reference state. */
    record OfBoot(JsonObject document) implements Content {
      boolean isOurs() {
        return document.has(BootRules.MARKER);
      }
    }
  }

  /** Whether somebody vouches for a policy. */
  sealed interface Signature {
    record None() implements Signature {}

    /** By the key in this file. */
    record By(String key) implements Signature {}

    /** There are signatures, and nobody gave a key to verify them with. */
    record NotVerified() implements Signature {}

    /** The verifier, which was asked over TLS, keeps the policy without its signature. */
    record Stored() implements Signature {}

    /** For scripts. */
    default String word() {
      return switch (this) {
        case None none -> "none";
        case By by -> "verified";
        case NotVerified not -> "NOT VERIFIED";
        case Stored stored -> "stored at the verifier";
      };
    }

    /** For people. */
    default String text() {
      return switch (this) {
        case None none -> "not signed";
        case By(String key) -> "signed, verified by " + key;
        case NotVerified not ->
            "signed, but the signature is NOT VERIFIED: anybody may have written it (--key)";
        case Stored stored -> "as the verifier stores it, which keeps no signatures";
      };
    }
  }

  /**
   * The policy of its text.
   *
   * @param kind where it is known; else the document tells
   * @throws io.limestone.wire.MalformedException if it is no valid policy
   */
  static PolicyFile of(
      String name,
      Bytes text,
      Optional<SignedPolicy> envelope,
      Signature signature,
      Optional<PolicyCommands.Kind> kind) {
    Bytes payload = envelope.map(SignedPolicy::payload).orElse(text);
    JsonObject json = Json.object(payload.toArray());
    boolean boot =
        json.has(BootRules.MARKER)
            || REFERENCE_STATE.stream().anyMatch(json::has)
            || kind.filter(given -> given == PolicyCommands.Kind.BOOT).isPresent();
    if (boot) {
      if (json.has(BootRules.MARKER)) {
        var unused = BootRules.parse(new String(payload.toArray(), StandardCharsets.UTF_8));
      }
      return new PolicyFile(name, payload, envelope, signature, new Content.OfBoot(json));
    }
    var unused = RuntimePolicy.parse(payload);
    return new PolicyFile(
        name, payload, envelope, signature, new Content.OfRuntime(new PolicyDocument(json)));
  }

  /** The document, for commands that work on runtime policies only. */
  PolicyDocument runtime() {
    return switch (content) {
      case Content.OfRuntime(PolicyDocument document) -> document;
      case Content.OfBoot boot ->
          throw CommandFailed.unusable(name + " is a boot policy; a runtime policy is needed");
    };
  }

  /** What nodes are judged by, of a runtime policy. */
  RuntimePolicy compiled() {
    var unused = runtime();
    return RuntimePolicy.parse(json);
  }

  /** A changed text of the same policy, which nobody has signed. */
  PolicyFile with(Bytes text) {
    return of(name, text, Optional.empty(), new Signature.None(), Optional.of(kind()));
  }

  PolicyCommands.Kind kind() {
    return switch (content) {
      case Content.OfRuntime runtime -> PolicyCommands.Kind.RUNTIME;
      case Content.OfBoot boot -> PolicyCommands.Kind.BOOT;
    };
  }

  /** The boot policy as nodes are judged by it now; a reference state is read by its engine. */
  BootPolicy boot() {
    return switch (content) {
      case Content.OfBoot boot -> BootPolicy.of("example", text()).at(Instant.now());
      case Content.OfRuntime runtime ->
          throw CommandFailed.unusable(name + " is a runtime policy; a boot policy is needed");
    };
  }

  /** Its JSON text, without an envelope. */
  String text() {
    return new String(json.toArray(), StandardCharsets.UTF_8);
  }

  /** How the policy is named that a patch is made for: by its content, signed or not. */
  String digest() {
    return PolicyPatch.digestOf(json);
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
