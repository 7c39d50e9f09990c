package io.limestone.cli.appraise;

import io.limestone.appraisal.AttestationState;
import io.limestone.appraisal.Evidence;
import io.limestone.appraisal.ReferenceValues;
import io.limestone.cli.args.Arguments;
import io.limestone.cli.args.CommandFailed;
import io.limestone.cli.args.Input;
import io.limestone.cli.args.Option;
import io.limestone.evidence.ImaSlice;
import io.limestone.keylime.EvidenceDocument;
import io.limestone.keylime.QuoteText;
import io.limestone.policy.AcceptedAlgorithms;
import io.limestone.policy.PcrPolicy;
import io.limestone.policy.RuntimePolicy;
import io.limestone.policy.SeverityPolicy;
import io.limestone.policy.SignedPolicy;
import io.limestone.policy.ViolationPolicy;
import io.limestone.policy.boot.BootPolicy;
import io.limestone.tpm.SignedQuote;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tpm.TpmtSignature;
import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.LongBytes;
import io.limestone.wire.MalformedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;

/** Reads a {@link Case} from the files that the command line names. */
final class CaseFiles {
  static final Option EVIDENCE =
      Option.value(
          "--evidence",
          "FILE",
          "All in one: the document of POST /verify/evidence (- is standard input); policies of the command line replace those in it");
  static final Option QUOTE =
      Option.value(
          "--quote",
          "FILE",
          "The quote: an agent's text r…:…:…, or TPMS_ATTEST as tpm2_quote -m writes it");
  static final Option SIGNATURE =
      Option.value("--signature", "FILE", "TPMT_SIGNATURE over a TPMS_ATTEST (tpm2_quote -s)");
  static final Option PCRS =
      Option.values(
          "--pcrs",
          "FILE|LIST",
          "PCR values of a TPMS_ATTEST (tpm2_quote -o, tpm2_pcrread, or JSON); or a list such as 0,1,10 that the quote must cover exactly");
  static final Option AK =
      Option.value(
          "--ak",
          "FILE",
          "The attestation key: TPM2B_PUBLIC or TPMT_PUBLIC, binary, base64 or hex");
  static final Option AK_IS_RESTRICTED =
      Option.flag(
          "--ak-is-restricted",
          "Take a PEM key as --ak: you know from elsewhere that it is a restricted signing key of a TPM");
  static final Option NONCE =
      Option.value("--nonce", "TEXT", "What the verifier sent for this one quote; hex:… for bytes");
  static final Option IMA_LOG =
      Option.value("--ima-log", "FILE", "IMA measurement list, ASCII or binary");
  static final Option BOOT_LOG = Option.value("--boot-log", "FILE", "TCG event log, binary");
  static final Option RUNTIME =
      Option.value("--runtime-policy", "FILE", "Runtime policy, JSON or DSSE");
  static final Option RUNTIME_KEY =
      Option.value(
          "--runtime-policy-key",
          "FILE",
          "PEM public key; the runtime policy must then be signed by it");
  static final Option BOOT = Option.value("--mb-policy", "FILE", "Measured-boot policy, JSON");
  static final Option BOOT_NAME =
      Option.value(
          "--mb-policy-name",
          "NAME",
          "The engine that reads it (default: example, which reads reference states)");
  static final Option TPM = Option.value("--tpm-policy", "JSON|FILE", "Values that PCRs must have");
  static final Option TRANSPORT_KEY =
      Option.value(
          "--transport-key", "FILE", "PEM of the agent's transport key, which PCR 16 must bind");
  static final Option STATE =
      Option.value(
          "--state",
          "FILE",
          "State after the attestation before this one (state in the JSON output)");
  static final List<Option> OPTIONS =
      List.of(
          EVIDENCE,
          QUOTE,
          SIGNATURE,
          PCRS,
          AK,
          AK_IS_RESTRICTED,
          NONCE,
          IMA_LOG,
          BOOT_LOG,
          RUNTIME,
          RUNTIME_KEY,
          BOOT,
          BOOT_NAME,
          TPM,
          TRANSPORT_KEY,
          STATE);

  /** A list of some million entries, or evidence with one. */
  private static final int MAX_FILE = 512 << 20;

  private static final String LIST = "[0-9]{1,2}(,[0-9]{1,2})*";

  private final Arguments arguments;
  private boolean unverified;

  CaseFiles(Arguments arguments) {
    this.arguments = arguments;
  }

  Case read() throws IOException {
    return read(arguments.has(EVIDENCE) ? Optional.of(document()) : Optional.empty());
  }

  /** What the command line names, the rest from a document. */
  Case read(Optional<EvidenceDocument> document) throws IOException {
    SignedQuote quote =
        arguments.has(QUOTE) ? quote() : from(document, EvidenceDocument::quote, QUOTE);
    TpmtSignature signature = TpmtSignature.parse(quote.signature());
    TpmtPublic ak =
        arguments.has(AK)
            ? AkFile.read(file(AK), arguments.has(AK_IS_RESTRICTED), signature.scheme())
            : TpmtPublic.parse2b(from(document, EvidenceDocument::akTpm, AK));
    Optional<Bytes> transportKey = optionalFile(TRANSPORT_KEY);
    Evidence evidence =
        new Evidence(
            arguments.has(NONCE) ? nonce() : from(document, EvidenceDocument::nonce, NONCE),
            document.map(EvidenceDocument::hashAlg).orElse(quote.pcrs().bank().keylimeName()),
            ak.keylimeAlg(),
            signature.keylimeName(),
            quote,
            transportKey.map(CaseFiles::utf8),
            optionalFile(IMA_LOG)
                .map(LongBytes::of)
                .or(() -> document.flatMap(EvidenceDocument::imaList))
                .map(text -> new ImaSlice(text, 0)),
            optionalFile(BOOT_LOG).or(() -> document.flatMap(EvidenceDocument::bootLog)),
            OptionalLong.empty());
    return new Case(evidence, reference(ak, document, transportKey.isPresent()), before());
  }

  /** Whether the runtime policy that was read is signed, and nobody has verified by whom. */
  boolean policyIsUnverified() {
    return unverified;
  }

  private ReferenceValues reference(
      TpmtPublic ak, Optional<EvidenceDocument> document, boolean bindsTransportKey)
      throws IOException {
    Optional<Bytes> key = optionalFile(RUNTIME_KEY);
    Optional<RuntimePolicy> runtime =
        optionalFile(RUNTIME)
            .or(() -> document.flatMap(EvidenceDocument::runtimePolicy).map(CaseFiles::utf8Bytes))
            .map(
                in(
                    RUNTIME,
                    text -> {
                      unverified = key.isEmpty() && SignedPolicy.isEnvelope(text);
                      return RuntimePolicy.ofUpload(text, key, key.isPresent());
                    }));
    Optional<BootPolicy> boot =
        optionalFile(BOOT)
            .map(CaseFiles::utf8)
            .or(() -> document.flatMap(EvidenceDocument::mbPolicy))
            .map(
                json ->
                    arguments
                        .get(BOOT_NAME)
                        .map(engine -> BootPolicy.of(engine, json))
                        .orElseGet(() -> BootPolicy.of(json)))
            .map(policy -> policy.at(Instant.now()));
    return new ReferenceValues(
        ak,
        AcceptedAlgorithms.DEFAULT,
        pcrPolicy(document),
        runtime,
        boot,
        bindsTransportKey,
        ViolationPolicy.STRICT,
        SeverityPolicy.STRICT);
  }

  private PcrPolicy pcrPolicy(Optional<EvidenceDocument> document) throws IOException {
    Optional<String> given = arguments.get(TPM);
    String json =
        given.isPresent() && !given.get().stripLeading().startsWith("{")
            ? Files.readString(Path.of(given.get()))
            : given.or(() -> document.flatMap(EvidenceDocument::tpmPolicy)).orElse("{}");
    PcrPolicy policy = in(TPM, PcrPolicy::parse).apply(json);
    OptionalInt listed = listedPcrs();
    // A mask in a policy says what a verifier asks for. Who judges a file did not ask, unless they
    // say which PCRs it must cover.
    return new PcrPolicy(listed, policy.allowed());
  }

  private OptionalInt listedPcrs() {
    int mask = 0;
    for (String given : arguments.all(PCRS)) {
      if (given.matches(LIST)) {
        for (String pcr : given.split(",", -1)) {
          int number = Integer.parseInt(pcr);
          if (number > 23) {
            throw CommandFailed.unusable("--pcrs: there is no PCR " + number);
          }
          mask |= 1 << number;
        }
      }
    }
    return mask == 0 ? OptionalInt.empty() : OptionalInt.of(mask);
  }

  private EvidenceDocument document() throws IOException {
    return in(EVIDENCE, (Bytes text) -> Case.document(Json.object(text.toArray())))
        .apply(file(EVIDENCE));
  }

  private SignedQuote quote() throws IOException {
    Bytes file = file(QUOTE);
    String text = new String(file.toArray(), StandardCharsets.ISO_8859_1).strip();
    if (text.startsWith("r") && text.indexOf(':') > 0) {
      return in(QUOTE, QuoteText::parse).apply(text);
    }
    String values =
        arguments.all(PCRS).stream()
            .filter(given -> !given.matches(LIST))
            .findFirst()
            .orElseThrow(
                () ->
                    CommandFailed.unusable(
                        "--quote is a TPMS_ATTEST: --pcrs FILE with the PCR values is needed too"));
    if (!arguments.has(SIGNATURE)) {
      throw CommandFailed.unusable("--quote is a TPMS_ATTEST: --signature FILE is needed too");
    }
    return new SignedQuote(
        file, file(SIGNATURE), PcrFile.read(Input.read(values, MAX_FILE, "list of PCR values")));
  }

  private String nonce() {
    String given = arguments.required(NONCE);
    if (!given.startsWith("hex:")) {
      return given;
    }
    Bytes bytes = Bytes.ofHex(given.substring(4));
    String text = utf8(bytes);
    if (!utf8Bytes(text).equals(bytes)) {
      throw CommandFailed.unusable(
          "--nonce hex:… must be UTF-8 text; other bytes are not read yet");
    }
    return text;
  }

  private AttestationState before() throws IOException {
    if (!arguments.has(STATE)) {
      return AttestationState.NONE;
    }
    JsonObject json = in(STATE, (Bytes text) -> Json.object(text.toArray())).apply(file(STATE));
    return in(STATE, AttestationState::fromJson).apply(json.optionalObject("state").orElse(json));
  }

  private static <T> T from(
      Optional<EvidenceDocument> document, Function<EvidenceDocument, T> part, Option option) {
    return document
        .map(part)
        .orElseThrow(
            () ->
                CommandFailed.unusable(
                    option.name() + " is needed, or --evidence with all in one document"));
  }

  private Bytes file(Option option) throws IOException {
    return Input.read(arguments.required(option), MAX_FILE, option.name().substring(2));
  }

  private Optional<Bytes> optionalFile(Option option) throws IOException {
    return arguments.has(option) ? Optional.of(file(option)) : Optional.empty();
  }

  /** A reader whose complaints name the option. */
  private static <A, B> Function<A, B> in(Option option, Function<A, B> reader) {
    return input -> {
      try {
        return reader.apply(input);
      } catch (MalformedException e) {
        throw e.in(option.name());
      }
    };
  }

  private static String utf8(Bytes bytes) {
    return new String(bytes.toArray(), StandardCharsets.UTF_8);
  }

  private static Bytes utf8Bytes(String text) {
    return Bytes.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
