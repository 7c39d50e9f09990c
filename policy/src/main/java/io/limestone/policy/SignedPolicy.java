package io.limestone.policy;

import io.limestone.wire.Bytes;
import io.limestone.wire.Json;
import io.limestone.wire.JsonObject;
import io.limestone.wire.MalformedException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * A DSSE envelope around a policy (runtime-policy §3; DSSE 1.0): ECDSA with SHA-256, whatever the
 * curve, over {@link #preAuthentication}. Only a key that the operator gave is believed, never one
 * that the envelope brings along.
 *
 * @param payload the policy's JSON text
 */
public record SignedPolicy(Bytes payload, String payloadType, List<Signed> signatures) {
  public static final String PAYLOAD_TYPE = "application/vnd.keylime+json";

  private static final int MAX_SIGNATURES = 64;

  public SignedPolicy {
    signatures = List.copyOf(signatures);
  }

  /**
   * One signature of an envelope.
   *
   * @param keyId a hint that nothing depends on
   * @param signature DER
   */
  public record Signed(Optional<String> keyId, Bytes signature) {}

  /**
   * The policy in an upload, which may be an envelope or the policy itself.
   *
   * @param keyPem the PEM public key, or certificate, that came with the upload
   * @param required whether only signed policies are taken
   * @throws PolicyRefusedException with Keylime's status and words
   */
  static Bytes open(Bytes text, Optional<Bytes> keyPem, boolean required) {
    boolean envelope = isEnvelope(text);
    if (required && keyPem.isEmpty()) {
      throw new PolicyRefusedException(
          401, "Runtime policy signature verification required but no key was given!");
    }
    if (!envelope) {
      if (required) {
        throw new PolicyRefusedException(400, "Runtime policy is not signed!");
      }
      return text;
    }
    Optional<PublicKey> key = keyPem.map(SignedPolicy::key);
    SignedPolicy signed = parsed(text, keyPem.isPresent());
    if (key.isPresent() && !signed.isSignedBy(key.get())) {
      throw failed();
    }
    return signed.payload;
  }

  /**
   * Whether the text is an envelope: a JSON object with a {@code payload} that is not empty.
   *
   * @throws PolicyRefusedException if it is not JSON
   */
  public static boolean isEnvelope(Bytes text) {
    boolean found = false;
    try (JsonParser in = Json.parser(text.toArray())) {
      if (in.nextToken() == JsonToken.START_OBJECT) {
        while (in.nextToken() == JsonToken.PROPERTY_NAME) {
          boolean payload = in.currentName().equals("payload");
          JsonToken value = in.nextToken();
          found |= payload && value == JsonToken.VALUE_STRING && in.getStringLength() > 0;
          in.skipChildren();
        }
      } else {
        in.skipChildren();
      }
      if (in.currentToken() == null || in.nextToken() != null) {
        throw new MalformedException("JSON: empty text, or something behind the value");
      }
      return found;
    } catch (JacksonException | MalformedException e) {
      throw new PolicyRefusedException(400, "Runtime policy is not valid JSON!", e);
    }
  }

  /**
   * The envelope of its JSON text.
   *
   * @throws MalformedException if it is not one
   */
  public static SignedPolicy parse(Bytes text) {
    JsonObject envelope = Json.object(text.toArray());
    List<Signed> signatures = new ArrayList<>();
    for (Object item : envelope.list("signatures")) {
      if (!(item instanceof JsonObject signature) || signatures.size() == MAX_SIGNATURES) {
        throw new MalformedException("signatures are not objects, or more than " + MAX_SIGNATURES);
      }
      Optional<String> keyId = signature.optionalString("keyid");
      decoded(signature.string("sig")).ifPresent(sig -> signatures.add(new Signed(keyId, sig)));
    }
    return new SignedPolicy(
        base64(envelope.string("payload")), envelope.string("payloadType"), signatures);
  }

  /**
   * Whether at least one signature is by this key, for a policy: what it has signed as something
   * else is none.
   */
  public boolean isSignedBy(PublicKey key) {
    if (!payloadType.equals(PAYLOAD_TYPE)) {
      return false;
    }
    byte[] signedBytes = preAuthentication().toArray();
    return signatures.stream().anyMatch(one -> verifies(key, signedBytes, one.signature));
  }

  /** What is signed: {@code DSSEv1 SP len(type) SP type SP len(payload) SP payload}. */
  public Bytes preAuthentication() {
    byte[] type = payloadType.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(("DSSEv1 " + type.length + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(type);
    out.writeBytes((" " + payload.size() + " ").getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(payload.toArray());
    return Bytes.of(out.toByteArray());
  }

  /** The envelope as JSON text. */
  public Bytes toJson() {
    List<Object> items = new ArrayList<>();
    for (Signed one : signatures) {
      Map<String, Object> item = new LinkedHashMap<>();
      one.keyId.ifPresent(id -> item.put("keyid", id));
      item.put("sig", one.signature.base64());
      items.add(item);
    }
    Map<String, Object> envelope = new LinkedHashMap<>();
    envelope.put("payload", payload.base64());
    envelope.put("payloadType", payloadType);
    envelope.put("signatures", items);
    return Bytes.of(Json.bytes(envelope));
  }

  private static SignedPolicy parsed(Bytes text, boolean verify) {
    try {
      return parse(text);
    } catch (MalformedException e) {
      if (verify) {
        throw new PolicyRefusedException(401, failed().getMessage(), e);
      }
      throw new PolicyRefusedException(
          400, "Runtime policy is malformatted: envelope: " + e.getMessage(), e);
    }
  }

  private static PublicKey key(Bytes pem) {
    try {
      return PolicyKey.parse(pem);
    } catch (MalformedException e) {
      throw new PolicyRefusedException(400, "Runtime policy key: " + e.getMessage(), e);
    }
  }

  private static PolicyRefusedException failed() {
    return new PolicyRefusedException(401, "Runtime policy failed DSSE signature verification!");
  }

  private static boolean verifies(PublicKey key, byte[] signedBytes, Bytes signature) {
    try {
      Signature verifier = Signature.getInstance("SHA256withECDSA");
      verifier.initVerify(key);
      verifier.update(signedBytes);
      return verifier.verify(signature.toArray());
    } catch (SignatureException | InvalidKeyException e) {
      return false; // not a DER signature, or not a key for one: this signature does not count
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is no base64 is no signature, and does not spoil the others. */
  private static Optional<Bytes> decoded(String signature) {
    try {
      return Optional.of(base64(signature));
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }

  /** Standard base64, or else the URL-safe one; never hex, which would be ambiguous. */
  private static Bytes base64(String text) {
    if (text.indexOf('-') < 0 && text.indexOf('_') < 0) {
      return Bytes.ofBase64(text);
    }
    try {
      return Bytes.of(Base64.getUrlDecoder().decode(text));
    } catch (IllegalArgumentException e) {
      throw new MalformedException("not base64", e);
    }
  }
}
