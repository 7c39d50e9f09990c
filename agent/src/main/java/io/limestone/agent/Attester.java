package io.limestone.agent;

import io.limestone.agent.AgentConfig.DeviceIdentity;
import io.limestone.agent.AgentConfig.TpmOptions;
import io.limestone.keylime.NodeId;
import io.limestone.tpm.TpmtPublic;
import io.limestone.tss.DevIdTemplate;
import io.limestone.tss.EkCertificates;
import io.limestone.tss.EndorsementKey;
import io.limestone.tss.Hierarchy;
import io.limestone.tss.Tpm;
import io.limestone.tss.TpmObject;
import io.limestone.wire.Bytes;
import io.limestone.wire.MalformedException;
import io.limestone.wire.Pem;
import io.limestone.wire.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The node's identity in its TPM: EK with its certificates, the attestation key, and IAK and IDevID
 * where they are used. The attestation key stays loaded, the EK until registration is done, the
 * others for one command each: a TPM has room for three.
 */
final class Attester implements AutoCloseable {
  private final Tpm tpm;
  private final EndorsementKey ek;
  private final List<Bytes> ekChain;
  private final TpmObject ak;

  private Attester(Tpm tpm, EndorsementKey ek, List<Bytes> ekChain, TpmObject ak) {
    this.tpm = tpm;
    this.ek = ek;
    this.ekChain = List.copyOf(ekChain);
    this.ak = ak;
  }

  static Attester prepare(Tpm tpm, AgentConfig config) throws IOException {
    TpmOptions options = config.tpm();
    if (options.hasOwnerPassword()) {
      tpm.authorize(Hierarchy.ENDORSEMENT, options.ownerPassword());
    }
    EndorsementKey ek = endorsementKey(tpm, options);
    try {
      List<Bytes> certificates = certificates(tpm, options);
      TpmObject ak = new AkStore(config.agentData()).load(ek, options.ak());
      return new Attester(tpm, ek, certificates, ak);
    } catch (IOException | MalformedException e) {
      ek.close();
      throw e;
    }
  }

  private static EndorsementKey endorsementKey(Tpm tpm, TpmOptions options) throws IOException {
    return options.ekHandle().isPresent()
        ? EndorsementKey.persistent(tpm, options.ekHandle().get())
        : EndorsementKey.create(tpm, options.ek());
  }

  /**
   * The EK certificate, then its chain from the issuer up: NV memory has it the other way round.
   */
  private static List<Bytes> certificates(Tpm tpm, TpmOptions options) throws IOException {
    EkCertificates found = EkCertificates.read(tpm, options.ek());
    List<Bytes> chain = new ArrayList<>(found.ek().stream().toList());
    chain.addAll(found.chain().reversed());
    return chain;
  }

  TpmObject ak() {
    return ak;
  }

  /** TPM2B_PUBLIC. */
  Bytes ekPublic() {
    return ek.publicArea();
  }

  List<Bytes> ekChain() {
    return ekChain;
  }

  /** The id of {@code uuid = "hash_ek"}. */
  NodeId hashOfEk() {
    PublicKey key = TpmtPublic.parse2b(ek.publicArea()).publicKey();
    String pem = Pem.text("PUBLIC KEY", Bytes.of(key.getEncoded()));
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(pem.getBytes(StandardCharsets.US_ASCII));
      return NodeId.parse(HexFormat.of().formatHex(hash));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Opens the registrar's challenge: proof that EK and AK live in this TPM. */
  Secret activate(Bytes idObject, Bytes encryptedSecret) throws IOException {
    return ek.activate(ak, idObject, encryptedSecret);
  }

  /** Makes room in the TPM: registration, which needs the EK, is over. */
  void unloadEk() throws IOException {
    ek.close();
  }

  /**
   * IAK and IDevID as they are registered.
   *
   * @param attest TPMS_ATTEST: the IAK certifies the AK
   * @param signature TPMT_SIGNATURE
   */
  record DeviceKeys(
      Bytes iakPublic,
      Bytes iakCertificate,
      Bytes idevidPublic,
      Bytes idevidCertificate,
      Bytes attest,
      Bytes signature) {}

  /**
   * Takes the manufacturer's device keys and has the IAK certify the attestation key.
   *
   * @param qualifyingData bound into the certification: the node's id in one of its forms
   */
  DeviceKeys deviceKeys(DeviceIdentity identity, Bytes qualifyingData)
      throws IOException, GeneralSecurityException {
    X509Certificate iakCertificate = KeyFiles.certificates(identity.iakCertificate()).getFirst();
    X509Certificate idevidCertificate =
        KeyFiles.certificates(identity.idevidCertificate()).getFirst();
    Bytes idevidPublic;
    try (TpmObject idevid =
        deviceKey(identity.idevidHandle(), template(identity, idevidCertificate).idevid())) {
      idevidPublic = matching(idevid, idevidCertificate, "IDevID");
    }
    try (TpmObject iak =
        deviceKey(identity.iakHandle(), template(identity, iakCertificate).iak())) {
      Bytes iakPublic = matching(iak, iakCertificate, "IAK");
      if (identity.iakHandle().isPresent()) {
        tpm.authorize(iak, identity.iakPassword());
      }
      var certified = tpm.certify(ak, iak, qualifyingData);
      return new DeviceKeys(
          iakPublic,
          Bytes.of(iakCertificate.getEncoded()),
          idevidPublic,
          Bytes.of(idevidCertificate.getEncoded()),
          certified.attest(),
          certified.signature());
    }
  }

  private TpmObject deviceKey(Optional<Integer> handle, Bytes template) throws IOException {
    return handle.isPresent()
        ? tpm.persistent(handle.get())
        : tpm.createPrimary(Hierarchy.ENDORSEMENT, template);
  }

  private static Bytes matching(TpmObject key, X509Certificate certificate, String what)
      throws IOException {
    if (!TpmtPublic.parse2b(key.publicArea()).publicKey().equals(certificate.getPublicKey())) {
      throw new IOException(
          "the TPM's " + what + " is not the key of its certificate: see iak_idevid_template");
    }
    return key.publicArea();
  }

  private static DevIdTemplate template(DeviceIdentity identity, X509Certificate certificate)
      throws IOException {
    if (identity.template().isPresent()) {
      return identity.template().get();
    }
    String word =
        switch (certificate.getPublicKey()) {
          case RSAPublicKey rsa when rsa.getModulus().bitLength() == 2048 -> "H-1";
          case ECPublicKey ec ->
              switch (ec.getParams().getCurve().getField().getFieldSize()) {
                case 256 -> "H-2";
                case 384 -> "H-3";
                case 521 -> "H-4";
                default -> "";
              };
          default -> "";
        };
    return DevIdTemplate.named(word)
        .orElseThrow(() -> new IOException("no IAK/IDevID template fits the certificate's key"));
  }

  @Override
  public void close() throws IOException {
    ek.close();
    ak.close();
  }
}
