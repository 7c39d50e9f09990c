package io.limestone.cli.policy;

import io.limestone.cli.Connection;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.Command.Leaf;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Operand;
import io.limestone.cli.args.Option;
import io.limestone.cli.args.Output;
import io.limestone.policy.PolicyDocument;
import io.limestone.policy.PolicyPatch;
import io.limestone.policy.PolicySigner;
import io.limestone.policy.SignedPolicy;
import io.limestone.server.pki.Pem;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** {@code limestone policy sign} and {@code verify}. */
final class SignPolicy {
  private static final Operand POLICY =
      Operand.one("POLICY", "the runtime policy, JSON (- is standard input)");
  private static final Operand SIGNED = Operand.one("SIGNED", "the signed policy, DSSE");
  private static final Option KEY =
      Option.value("--keyfile", "FILE", "Private key, elliptic curve, PEM, not encrypted").or("-k");
  private static final Option NEW_KEY =
      Option.value("--keypath", "FILE", "Make a P-256 key and keep it here").or("-p");
  private static final Option BACKEND =
      Option.value(
              "--backend",
              "NAME",
              "ecdsa: the key id is the key's hash (default); x509: a certificate")
          .or("-b");
  private static final Option CERTIFICATE =
      Option.value("--cert-outfile", "FILE", "Where the certificate of --backend x509 goes")
          .or("-c");

  private SignPolicy() {}

  static Leaf sign() {
    return Leaf.of("sign", "Signs a runtime policy (DSSE).", SignPolicy::sign)
        .operands(POLICY)
        .options(KEY, NEW_KEY, BACKEND, CERTIFICATE, PolicySource.OUT)
        .text(
            """
            The policy is checked first, and signed byte for byte as it stands: ECDSA with SHA-256 by a P-256,
            P-384 or P-521 key. The verifier takes it with the public key.

            Examples:
              limestone policy sign policy.json --keyfile signer.key --output policy.dsse
              limestone policy add web policy.dsse --key signer.pem
            """);
  }

  static Leaf verify() {
    return Leaf.of("verify", "Checks who signed a runtime policy.", SignPolicy::verify)
        .operands(SIGNED)
        .options(PolicySource.KEYS, Connection.JSON)
        .text(
            """
            Exit 0: one signature at least is by the key. 1: none is. 2: not a signed policy. Keys that the
            envelope brings along are shown and never believed.

            Examples:
              limestone policy verify policy.dsse --key signer.pem
              limestone policy verify policy.dsse --key old.pem --key new.pem --json
            """);
  }

  private static int sign(Arguments arguments, Output output)
      throws IOException, InterruptedException {
    if (arguments.has(KEY) == arguments.has(NEW_KEY)) {
      throw CommandFailed.unusable("give either --keyfile with a key, or --keypath to make one");
    }
    boolean x509 =
        switch (arguments.get(BACKEND).orElse("ecdsa").toLowerCase(Locale.ROOT)) {
          case "ecdsa" -> false;
          case "x509" -> true;
          default -> throw CommandFailed.unusable("--backend takes ecdsa or x509");
        };
    if (x509 != arguments.has(CERTIFICATE)) {
      throw CommandFailed.unusable("--backend x509 and --cert-outfile go together");
    }
    PolicyFile policy = new PolicySource(arguments, output).read(arguments.operand(0));
    var unused = policy.runtime();
    if (policy.envelope().isPresent()) {
      throw CommandFailed.unusable(policy.name() + " is signed already");
    }
    PrivateKey key = arguments.has(KEY) ? Pem.privateKey(path(arguments, KEY)) : newKey();
    ECPublicKey publicKey = PolicySigner.publicKey(key);
    Optional<Bytes> certificate =
        x509
            ? Optional.of(
                PolicySigner.certificate(
                    key, publicKey, Instant.now(), new BigInteger(127, new SecureRandom())))
            : Optional.empty();
    PolicySigner signer =
        certificate
            .map(pem -> PolicySigner.ofCertificate(key, pem))
            .orElseGet(() -> PolicySigner.ofKey(key, publicKey));
    SignedPolicy signed = signer.sign(policy.json());
    if (arguments.has(NEW_KEY)) {
      keep(path(arguments, NEW_KEY), key);
      output.note("the new key is in " + arguments.required(NEW_KEY) + "; keep it safe");
    }
    if (certificate.isPresent()) {
      Files.write(path(arguments, CERTIFICATE), certificate.get().toArray());
    }
    PolicyFile.write(arguments.path(PolicySource.OUT), signed.toJson(), output);
    return 0;
  }

  private static Path path(Arguments arguments, Option option) {
    return arguments.path(option).orElseThrow();
  }

  private static PrivateKey newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair().getPrivate();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** Its owner's alone from the first byte on; what is there already is not overwritten. */
  private static void keep(Path file, PrivateKey key) throws IOException {
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, Pem.text("PRIVATE KEY", key.getEncoded()), StandardCharsets.US_ASCII);
  }

  private static int verify(Arguments arguments, Output output) throws IOException {
    var unusedKey = arguments.required(PolicySource.KEYS);
    String name = arguments.operand(0);
    Bytes text = PolicySource.text(name);
    SignedPolicy signed;
    try {
      if (!SignedPolicy.isEnvelope(text)) {
        throw CommandFailed.unusable(name + " is not signed");
      }
      signed = SignedPolicy.parse(text);
      var unusedPolicy = PolicyDocument.parse(text);
    } catch (MalformedException e) {
      throw e.in(name);
    }
    Optional<PolicyFile.Signature.By> signer =
        PolicySource.signer(signed, arguments.all(PolicySource.KEYS));
    boolean good = signer.isPresent();
    List<String> ids = signed.signatures().stream().map(one -> one.keyId().orElse("")).toList();
    if (arguments.has(Connection.JSON)) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("signed", good);
      json.put("keyids", ids);
      json.put("policy_sha256", PolicyPatch.digestOf(signed.payload()));
      output.json(json);
    } else {
      output.line(
          signer
              .map(by -> "signed by this key: " + by.key())
              .orElse("NOT signed by this key: " + ids.size() + " signatures, none of them its"));
    }
    return good ? 0 : 1;
  }
}
