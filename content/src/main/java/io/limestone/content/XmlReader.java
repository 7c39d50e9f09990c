package io.limestone.content;

import io.limestone.wire.Encoding;
import io.limestone.wire.MalformedException;
import java.io.InputStream;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** XML of repositories, element by element. Document types and external entities are not read. */
final class XmlReader {
  private static final int MAX_TEXT = 64 * 1024;

  private final XMLStreamReader in;

  XmlReader(InputStream in) {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
    factory.setProperty(XMLInputFactory.IS_NAMESPACE_AWARE, true);
    factory.setXMLResolver(
        (publicId, systemId, base, namespace) -> {
          throw new XMLStreamException("external entities are not read");
        });
    try {
      this.in = factory.createXMLStreamReader(new BoundedRuns(in, '<'));
    } catch (XMLStreamException e) {
      throw malformed(e);
    }
  }

  /** Receives what begins and ends. */
  interface Visitor {
    void begin(XmlReader element);

    void end(XmlReader element);
  }

  void read(Visitor visitor) {
    try {
      while (in.hasNext()) {
        switch (in.next()) {
          case XMLStreamConstants.START_ELEMENT -> visitor.begin(this);
          case XMLStreamConstants.END_ELEMENT -> visitor.end(this);
          case XMLStreamConstants.DTD, XMLStreamConstants.ENTITY_REFERENCE ->
              throw new MalformedException("XML: a document type or an entity");
          default -> {}
        }
      }
      in.close();
    } catch (XMLStreamException e) {
      throw malformed(e);
    }
  }

  boolean is(String namespace, String name) {
    return in.getLocalName().equals(name) && namespace.equals(in.getNamespaceURI());
  }

  Optional<String> attribute(String name) {
    return Optional.ofNullable(in.getAttributeValue(null, name));
  }

  /** The text of the element, which has no elements in it; the cursor is at its end afterwards. */
  String text() {
    try {
      String text = in.getElementText();
      if (text.length() > MAX_TEXT) {
        throw new MalformedException("XML: a text longer than " + MAX_TEXT);
      }
      return text;
    } catch (XMLStreamException e) {
      throw malformed(e);
    }
  }

  private static MalformedException malformed(XMLStreamException e) {
    return new MalformedException(
        "XML: " + Encoding.printable(String.valueOf(e.getMessage()).replace('\n', ' '), 200), e);
  }
}
