// Go behind the line protocol: net/mail and Debian's pkcs7 (fullsailor). Times are the process's CPU clock, for the collector
// has threads of its own. The signed octets are cut out by hand: mime/multipart gives decoded parts only.
package main

import (
	"bufio"
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"github.com/fullsailor/pkcs7"
)

var mails [][]byte
var senders []string
var roots *x509.CertPool
var recipients []*x509.Certificate
var entity, sealed []byte
var fingerprint [32]byte

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func parts(octets []byte) (content, der []byte) {
	message, err := mail.ReadMessage(bytes.NewReader(octets))
	must(err)
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	must(err)
	var text io.Reader = message.Body
	if kind == "multipart/signed" {
		line := []byte("\r\n--" + parameters["boundary"])
		body, _ := io.ReadAll(message.Body)
		first := bytes.Index(body, line) + len(line) + 2
		length := bytes.Index(body[first:], line)
		content = body[first : first+length]
		reader := multipart.NewReader(bytes.NewReader(body[first+length+2:]), parameters["boundary"])
		text, err = reader.NextRawPart()
		must(err)
	}
	der, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, text))
	must(err)
	return content, der
}

func verify(number int) {
	content, der := parts(mails[number])
	signed, err := pkcs7.Parse(der)
	must(err)
	if content != nil {
		signed.Content = content
	}
	must(signed.Verify())
	signer := signed.GetOnlySigner()
	if signer == nil {
		panic("signer")
	}
	between := x509.NewCertPool()
	for _, certificate := range signed.Certificates {
		if certificate != signer {
			between.AddCert(certificate)
		}
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	_, err = signer.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: usages})
	must(err)
	if len(signer.EmailAddresses) != 1 || signer.EmailAddresses[0] != senders[number] {
		panic("address")
	}
	fingerprint = sha256.Sum256(signer.Raw)
}

func encrypt(cipher string, count int) {
	pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256CBC
	if cipher == "gcm" {
		pkcs7.ContentEncryptionAlgorithm = pkcs7.EncryptionAlgorithmAES256GCM
	}
	der, err := pkcs7.Encrypt(entity, recipients[:count])
	must(err)
	var out bytes.Buffer
	out.Grow(len(der)*3/2 + 512)
	out.WriteString("MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n")
	text := make([]byte, base64.StdEncoding.EncodedLen(len(der)))
	base64.StdEncoding.Encode(text, der)
	for len(text) > 64 {
		out.Write(text[:64])
		out.WriteString("\r\n")
		text = text[64:]
	}
	out.Write(text)
	out.WriteString("\r\n")
	sealed = out.Bytes()
}

func cpu() int64 {
	var at syscall.Timespec
	const processClock = 2
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, processClock, uintptr(unsafe.Pointer(&at)), 0)
	return at.Nano()
}

func measure(ms float64, most int, work func(int)) {
	var samples []int64
	wall, first := time.Now(), cpu()
	for last := first; ; {
		work(len(samples))
		now := cpu()
		samples = append(samples, now-last)
		last = now
		if len(samples) == most || float64(now-first) >= ms*1e6 || float64(time.Since(wall)) >= ms*2e7 {
			break
		}
	}
	sort.Slice(samples, func(a, b int) bool { return samples[a] < samples[b] })
	n := len(samples)
	fmt.Printf("{\"n\":%d,\"median_ns\":%d,\"p10_ns\":%d,\"p90_ns\":%d}\n", n, samples[n/2], samples[n/10], samples[n*9/10])
}

func read(path string) []byte {
	octets, err := os.ReadFile(path)
	must(err)
	return octets
}

func limits(words []string) (float64, int) {
	ms, err := strconv.ParseFloat(words[0], 64)
	must(err)
	most, err := strconv.Atoi(words[1])
	must(err)
	return ms, most
}

func loadMails(list, root string) {
	mails, senders = nil, nil
	for _, line := range strings.Split(strings.TrimSpace(string(read(list))), "\n") {
		path, sender, _ := strings.Cut(line, "\t")
		mails = append(mails, read(path))
		senders = append(senders, sender)
	}
	roots = x509.NewCertPool()
	roots.AppendCertsFromPEM(read(root))
}

func loadRecipients(path string) {
	recipients = nil
	for rest := read(path); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		must(err)
		recipients = append(recipients, certificate)
	}
}

func carryOut(words []string) {
	defer func() {
		if why := recover(); why != nil {
			fmt.Printf("{\"error\":%q}\n", fmt.Sprint(why))
		}
	}()
	ok := "{\"ok\":\"done\"}"
	switch words[0] {
	case "load_verify":
		loadMails(words[1], words[2])
		fmt.Println(ok)
	case "load_encrypt":
		entity = read(words[1])
		loadRecipients(words[2])
		fmt.Println(ok)
	case "verify":
		if words[1] != "full" {
			panic("unsupported")
		}
		ms, most := limits(words[2:])
		measure(ms, most, func(turn int) { verify(turn % len(mails)) })
	case "encrypt":
		// It encrypts to RSA keys only, with PKCS #1 v1.5.
		_, isRSA := recipients[0].PublicKey.(*rsa.PublicKey)
		if !isRSA || words[3] != "v15" || words[4] != "smime" {
			panic("unsupported")
		}
		count, _ := strconv.Atoi(words[2])
		ms, most := limits(words[5:])
		measure(ms, most, func(int) { encrypt(words[1], count) })
	case "dump":
		must(os.WriteFile(words[1], sealed, 0o644))
		fmt.Println(ok)
	default:
		panic("unsupported")
	}
}

func main() {
	fmt.Fprintln(os.Stderr, "Go", strings.TrimPrefix(runtime.Version(), "go"))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return
		}
		carryOut(words)
	}
}
