package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.cli.policy.PolicyFile.Signature;
import io.limestone.cli.rest.Verifier;
import io.limestone.policy.PolicyKey;
import io.limestone.policy.SignedPolicy;
import io.limestone.wire.Bytes;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where the policies come from that a command line names: files, standard input, or the verifier
 * ({@code name:NAME}). The options that all such commands share.
 */
final class PolicySource {
  static final Operand POLICY =
      Operand.one(
          "POLICY",
          "the policy: a file, JSON or DSSE; - for standard input; name:NAME or name:NAME@VERSION"
              + " for one stored at the verifier");
  static final Option KEYS =
      Option.values(
              "--key",
              "FILE",
              "PEM of a public key or certificate: a policy in a file must be signed by it, or by"
                  + " another one given so")
          .or("-k");
  static final Option UNVERIFIED =
      Option.flag("--unverified", "Take a signed policy without a --key to verify it with");
  static final Option OUT =
      Option.value("--output", "FILE", "Where it goes (default: standard output)").or("-o");

  /** Above what a policy of a million digests takes (150 MiB), and what the verifier answers. */
  private static final int MAX_POLICY = 256 << 20;

  private static final int MAX_KEY = 64 << 10;
  private static final String STORED = "name:";
  private static final Pattern NAME = Pattern.compile("(.+?)(?:@([0-9]{1,9}))?");

  private final Arguments arguments;
  private final Output output;

  PolicySource(Arguments arguments, Output output) {
    this.arguments = arguments;
    this.output = output;
  }

  /**
   * A policy that something is to be decided by, or made of: where there is a signature, it has
   * been verified, or the user does without.
   */
  PolicyFile trusted(String name) throws IOException, InterruptedException {
    PolicyFile file = read(name);
    if (file.signature() instanceof Signature.NotVerified && !arguments.has(UNVERIFIED)) {
      throw CommandFailed.unusable(
          name
              + " is signed, and nobody has verified by whom: --key FILE verifies it, --unverified"
              + " takes it as if it were not signed");
    }
    return file;
  }

  /** A policy to look at. With {@link #KEYS} a file must be signed by one of them. */
  PolicyFile read(String name) throws IOException, InterruptedException {
    if (name.startsWith(STORED)) {
      return stored(name.substring(STORED.length()));
    }
    Bytes text = text(name);
    try {
      Optional<SignedPolicy> envelope =
          SignedPolicy.isEnvelope(text) ? Optional.of(SignedPolicy.parse(text)) : Optional.empty();
      return PolicyFile.of(name, text, envelope, signature(name, envelope), kind());
    } catch (MalformedException e) {
      throw e.in(name);
    }
  }

  /** Whether the word says by itself what is meant: it is a file, or not to be taken for one. */
  static boolean isHere(String word) {
    try {
      return word.equals("-") || word.startsWith(STORED) || Files.exists(Path.of(word));
    } catch (InvalidPathException e) {
      return false;
    }
  }

  private Optional<PolicyCommands.Kind> kind() {
    return arguments.has(PolicyCommands.KIND)
        ? Optional.of(PolicyCommands.Kind.of(arguments))
        : Optional.empty();
  }

  private PolicyFile stored(String what) throws IOException, InterruptedException {
    Matcher matcher = NAME.matcher(what);
    if (!matcher.matches()) {
      throw CommandFailed.unusable(STORED + " takes the name of a policy");
    }
    String name = PolicyCommands.name(matcher.group(1));
    Optional<Long> version = Optional.ofNullable(matcher.group(2)).map(Long::valueOf);
    return stored(
        Connection.of(arguments, output).verifier(),
        PolicyCommands.Kind.of(arguments),
        name,
        version);
  }

  /** A version of a policy that the verifier stores; without number the one that is enforced. */
  static PolicyFile stored(
      Verifier verifier, PolicyCommands.Kind kind, String name, Optional<Long> version)
      throws IOException, InterruptedException {
    Optional<JsonObject> found =
        version.isPresent()
            ? verifier.policyVersion(kind.word() + "/" + name, version.get())
            : verifier.policy(kind.path(), name);
    String what = name + version.map(number -> " version " + number).orElse("");
    JsonObject policy =
        found.orElseThrow(
            () -> CommandFailed.because("there is no " + kind.word() + " policy " + what));
    String text =
        policy.optionalString(version.isPresent() ? "content" : kind.member()).orElse("{}");
    return PolicyFile.of(
        what,
        Bytes.of(text.getBytes(StandardCharsets.UTF_8)),
        Optional.empty(),
        new Signature.Stored(),
        Optional.of(kind));
  }

  private Signature signature(String name, Optional<SignedPolicy> envelope) throws IOException {
    List<String> keys = arguments.all(KEYS);
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
        if (signed.isSignedBy(PolicyKey.parse(key(file)))) {
          return Optional.of(new Signature.By(file));
        }
      } catch (MalformedException e) {
        throw e.in(file);
      }
    }
    return Optional.empty();
  }

  /** A key to verify policies with, which is small. */
  static Bytes key(String name) throws IOException {
    return Input.read(name, MAX_KEY, "key");
  }

  static Bytes text(String name) throws IOException {
    return Input.read(name, MAX_POLICY, "policy");
  }
}
